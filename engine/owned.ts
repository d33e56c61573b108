import { isOf, type Owner } from "../provision/owner.ts";
import { engineAt } from "./client.ts";

/** Label of what a stack has made on an engine; its value is the stack's name. */
export const stackLabel = "cooperbench-machine.stack";

/** Label with the stack's id; what is older than ids has none. */
export const stackIdLabel = "cooperbench-machine.stack-id";

/** The labels that say which stack has made a thing. */
export function ownerLabels({ stack, id }: Owner): Readonly<Record<string, string>> {
  return { [stackLabel]: stack, ...(id !== undefined && { [stackIdLabel]: id }) };
}

/** The stack that labels name; undefined where they name none. */
export function ownerIn(labels: Readonly<Record<string, string>> | null | undefined): Owner | undefined {
  const stack = labels?.[stackLabel];
  return stack === undefined ? undefined : { stack, id: labels?.[stackIdLabel] };
}

/** A container, a network or a volume as an engine has it, as far as is looked at here. */
export interface EngineThing {
  /** The stack that made it; undefined for another maker. */
  readonly owner: Owner | undefined;
}

/** A container as an engine has it. */
export interface EngineContainer extends EngineThing {
  /** Whether its processes are there; a paused one's are. */
  readonly running: boolean;
  /** Such as `exited with 137`. */
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The container of a name; undefined where there is none, or the engine does not answer. */
export async function containerAt(dockerHost: string, name: string): Promise<EngineContainer | undefined> {
  const found = await unlessNone(() => engineAt(dockerHost).getContainer(name).inspect());
  if (found === undefined) return undefined;
  const { Status, Running, ExitCode } = found.State;
  const labels = found.Config.Labels ?? {};
  return {
    owner: ownerIn(labels),
    running: Running,
    state: Running ? Status : `${Status} with ${ExitCode}`,
    labels,
  };
}

/** Whether a stack has made a thing. */
export function isMadeBy(thing: EngineThing | undefined, owner: Owner): boolean {
  return thing?.owner !== undefined && isOf(thing.owner, owner);
}

/** Removes the container of a name where that stack has made it. */
export async function removeOwnContainer(dockerHost: string, name: string, owner: Owner): Promise<void> {
  if (!isMadeBy(await containerAt(dockerHost, name), owner)) return;
  await engineAt(dockerHost).getContainer(name).remove({ force: true });
}

/** The network of a name; undefined where there is none, or the engine does not answer. */
export async function networkAt(dockerHost: string, name: string): Promise<EngineThing | undefined> {
  const found = await unlessNone(() => engineAt(dockerHost).getNetwork(name).inspect());
  return found && { owner: ownerIn(found.Labels) };
}

/** Removes the network of a name where that stack has made it; one that containers are in stays, and is told. */
export async function removeOwnNetwork(dockerHost: string, name: string, owner: Owner): Promise<void> {
  if (!isMadeBy(await networkAt(dockerHost, name), owner)) return;
  await engineAt(dockerHost).getNetwork(name).remove();
}

/** The volume of a name; undefined where there is none, or the engine does not answer. */
export async function volumeAt(dockerHost: string, name: string): Promise<EngineThing | undefined> {
  const found = await unlessNone(() => engineAt(dockerHost).getVolume(name).inspect());
  return found && { owner: ownerIn(found.Labels) };
}

/** An engine that does not answer, whoever works with it will tell. */
async function unlessNone<Found>(ask: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}
