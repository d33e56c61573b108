/** The engine of a stack, for commands that cannot do without. */
import { type EnginePlace, silent } from "../checks/doctor/engine.ts";
import { Problem } from "../lib/problem.ts";
import { askEngine, type EngineFacts } from "../provision/engine/ask.ts";
import type { StackCaller } from "./caller.ts";
import { type Found, openAsFound, startedBy } from "./session.ts";

/**
 * What an engine says of itself, for commands that only look.
 *
 * @param startedBy what starts the engine, where this project can.
 * @throws a Problem where it does not answer.
 */
export async function assertEngine(place: EnginePlace): Promise<EngineFacts> {
  const engine = await askEngine(place.dockerHost);
  if (!("unknown" in engine)) return engine.value;
  const { found, remedies } = silent(engine.unknown, place);
  throw new Problem(found, remedies);
}

/** Opens a stack for a command that only looks, and asks its engine. Throws a Problem where that does not answer. */
export async function openEngine(caller: StackCaller): Promise<Found & EngineFacts> {
  const found = openAsFound(caller);
  return { ...found, ...(await assertEngine({ ...found, startedBy: startedBy(found) })) };
}
