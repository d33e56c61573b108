import { Problem } from "../../lib/problem.ts";
import type { Remedy } from "../../lib/remedy.ts";
import { isOf, type Owner, ownerName } from "../ownership/owner.ts";
import { engineAt, isNone } from "./client.ts";
import { dockerAt } from "./docker-command.ts";

/** Label of what a stack has made on an engine; its value is the stack's name. */
export const stackLabel = "cooperbench-machine.stack";

/** Label with the stack's id; what is older than ids has none. */
export const stackIdLabel = "cooperbench-machine.stack-id";

/** Label of what a stack has made on an engine: the finding that it was made for. */
export const findingLabel = "cooperbench-machine.finding";

/** Labels of a thing on an engine. */
export type Labels = Readonly<Record<string, string>>;

/** The labels that say which stack has made a thing. */
export function ownerLabels({ stack, id }: Owner): Labels {
  return { [stackLabel]: stack, ...(id !== undefined && { [stackIdLabel]: id }) };
}

/** The stack that labels name; undefined where they name none. */
export function ownerIn(labels: Labels | null | undefined): Owner | undefined {
  const stack = labels?.[stackLabel];
  return stack === undefined ? undefined : { stack, id: labels?.[stackIdLabel] };
}

/** Of a thing's labels, those that tell of its making: another value is another thing. */
export function madeLabels(labels: Labels): Labels {
  const told = Object.entries(labels).filter(([name]) =>
    [stackLabel, stackIdLabel, findingLabel].includes(name),
  );
  return Object.fromEntries(told);
}

/** Whether labels that name a stack are older than its id. */
export function isOlder(labels: Labels | undefined, { id }: Owner): boolean {
  return id !== undefined && labels !== undefined && labels[stackIdLabel] === undefined;
}

/** A container, a network or a volume as an engine has it, as far as is looked at here. */
export interface EngineThing {
  /** The engine's id; of a volume, which has none, its name. */
  readonly id: string;
  /** The stack that made it; undefined for another maker. */
  readonly owner: Owner | undefined;
  readonly labels: Labels;
}

/** A container as an engine has it. */
export interface EngineContainer extends EngineThing {
  /** Whether its processes are there; a paused one's are. */
  readonly running: boolean;
  /** Such as `exited with 137`. */
  readonly state: string;
}

/**
 * The container of a name; undefined where there is none.
 *
 * @throws an error where the engine does not answer.
 */
export async function containerAt(dockerHost: string, name: string): Promise<EngineContainer | undefined> {
  const found = await unlessNone(() => engineAt(dockerHost).getContainer(name).inspect());
  if (found === undefined) return undefined;
  const { Status, Running, ExitCode } = found.State;
  const labels = found.Config.Labels ?? {};
  return {
    id: found.Id,
    owner: ownerIn(labels),
    running: Running,
    state: Running ? Status : `${Status} with ${ExitCode}`,
    labels,
  };
}

/** The network of a name; undefined where there is none. As for a container, an engine that does not answer throws. */
export async function networkAt(dockerHost: string, name: string): Promise<EngineThing | undefined> {
  const found = await unlessNone(() => engineAt(dockerHost).getNetwork(name).inspect());
  return found && { id: found.Id, owner: ownerIn(found.Labels), labels: found.Labels ?? {} };
}

/** The volume of a name; undefined where there is none. As for a container, an engine that does not answer throws. */
export async function volumeAt(dockerHost: string, name: string): Promise<EngineThing | undefined> {
  const found = await unlessNone(() => engineAt(dockerHost).getVolume(name).inspect());
  return found && { id: found.Name, owner: ownerIn(found.Labels), labels: found.Labels ?? {} };
}

/** Whether a stack has made a thing, as far as its labels tell: what is older than ids may be another's of that name. */
export function isMadeBy(thing: EngineThing | undefined, owner: Owner): boolean {
  return thing?.owner !== undefined && isOf(thing.owner, owner);
}

/** Whether a stack has surely made a thing: it has the stack's id, or neither has one. */
export function isSurelyMadeBy(thing: EngineThing | undefined, owner: Owner): boolean {
  return isMadeBy(thing, owner) && thing?.owner?.id === owner.id;
}

/** The kinds of things on an engine that have names. */
export type ThingKind = "container" | "network" | "volume";

/**
 * Frees a name on the engine for a thing of the stack: removes what an interrupted update of the stack has left there,
 * unknown to Pulumi's state.
 *
 * @param isAdopted whether a thing that is older than ids is known to be the stack's own.
 * @throws a Problem where something else has the name, which stays.
 */
export async function freeName(
  dockerHost: string,
  kind: "container" | "network",
  name: string,
  owner: Owner,
  isAdopted: (thing: EngineThing) => Promise<boolean> = async () => false,
): Promise<void> {
  const there = await (kind === "container" ? containerAt : networkAt)(dockerHost, name);
  if (there === undefined) return;
  if (isSurelyMadeBy(there, owner) || (await isAdopted(there)))
    return removeThing(dockerHost, kind, there.id);
  const maker = there.owner === undefined ? "no stack made it" : madeBy(there.owner, owner);
  throw new Problem(
    `the engine has a ${kind} ${name}, and ${maker}: it is left as it is`,
    removal(dockerHost, kind, name, "if nobody needs it"),
  );
}

/** Who has made a thing, in words for a stack that did not. */
function madeBy(maker: Owner, owner: Owner): string {
  return maker.stack === owner.stack && maker.id === undefined
    ? `its label names a stack ${maker.stack} without an id, which may be another stack of this name`
    : `stack ${ownerName(maker, owner)} made it`;
}

/** The command that removes a thing from an engine. */
export function removal(dockerHost: string, kind: ThingKind, name: string, when: string): Remedy {
  const words = { container: ["rm", "-f"], network: ["network", "rm"], volume: ["volume", "rm"] }[kind];
  return { command: dockerAt(dockerHost, ...words, name), when };
}

/** What an engine says where another has asked it to remove the same container, and it is at it. */
const isGoing = /removal of container .* is already in progress/;

/** Removes a container, running or not, a network or a volume; that there is none is fine, or that it is going. */
export async function removeThing(dockerHost: string, kind: ThingKind, id: string): Promise<void> {
  const engine = engineAt(dockerHost);
  const remove = () => {
    if (kind === "container") return engine.getContainer(id).remove({ withVolumes: false });
    return kind === "network" ? engine.getNetwork(id).remove() : engine.getVolume(id).remove();
  };
  try {
    await unlessNone(remove);
  } catch (error) {
    if (!isGoing.test((error as Error).message)) throw error;
  }
}

async function unlessNone<Found>(ask: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isNone(error)) return undefined;
    throw error;
  }
}
