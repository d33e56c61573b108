import { isOf, type Owner } from "../ownership/owner.ts";
import { engineAt } from "./client.ts";
import { type EngineThing, isMadeBy, type Labels, ownerIn, ownerLabels, removeThing } from "./owned.ts";
import { gitNames, redisContainer } from "./service-names.ts";

/** The services that the stacks of an engine share, by what is on the engine of each. */
export const services = {
  redis: { title: "Redis", things: { container: redisContainer } },
  git: {
    title: "the git server",
    things: { container: gitNames.container, network: gitNames.network, volume: gitNames.volume },
  },
} as const;

export type ServiceName = keyof typeof services;

export const serviceNames = Object.keys(services) as readonly ServiceName[];

/**
 * What a stack notes on the engine beside a service, so that every stack of the engine sees it, whatever machine it is
 * run from: that it uses the service; that it has left a thing of its own to the other users; that a thing that is older
 * than ids is in its state.
 */
export type RecordKind = "uses" | "left" | "adopted";

/** A record as an engine has it: an empty volume, which holds no space and lives as long as is said by its labels. */
export interface ServiceRecord {
  /** Name of the volume. */
  readonly volume: string;
  readonly kind: RecordKind;
  /** Id of the thing that was left or adopted; undefined for a use. */
  readonly thing?: string | undefined;
  /** The stack that made it. */
  readonly owner: Owner;
}

const serviceLabel = "cooperbench-machine.service";
const kindLabel = "cooperbench-machine.record";
const thingLabel = "cooperbench-machine.thing";

/** Name of the volume that says that a stack uses a service. */
export function useVolume(service: ServiceName, { stack, id }: Owner): string {
  return `cooperbench-machine-uses-${service}-${id ?? stack}`;
}

/** Every record of a service. */
export async function serviceRecords(
  dockerHost: string,
  service: ServiceName,
): Promise<readonly ServiceRecord[]> {
  const { Volumes } = await engineAt(dockerHost).listVolumes([`${serviceLabel}=${service}`]);
  return (Volumes ?? []).flatMap(({ Name, Labels }) => {
    const owner = ownerIn(Labels);
    const kind = Labels?.[kindLabel] as RecordKind | undefined;
    return owner && kind ? [{ volume: Name, kind, thing: Labels[thingLabel], owner }] : [];
  });
}

/** Notes that a stack uses a service; once more changes nothing. */
export function recordUse(dockerHost: string, service: ServiceName, owner: Owner): Promise<void> {
  return makeVolume(dockerHost, useVolume(service, owner), {
    ...ownerLabels(owner),
    [serviceLabel]: service,
    [kindLabel]: "uses",
  });
}

/** Notes what became of a thing of a service; once more changes nothing. */
export function recordThing(
  dockerHost: string,
  service: ServiceName,
  owner: Owner,
  kind: "left" | "adopted",
  thing: string,
): Promise<void> {
  return makeVolume(dockerHost, `cooperbench-machine-${kind}-${thing.slice(0, 24)}`, {
    ...ownerLabels(owner),
    [serviceLabel]: service,
    [kindLabel]: kind,
    [thingLabel]: thing,
  });
}

/** The stacks that have left or adopted a thing. */
export function recordedOf(
  records: readonly ServiceRecord[],
  kind: "left" | "adopted",
  thing: EngineThing,
): readonly Owner[] {
  return records.filter((one) => one.kind === kind && one.thing === thing.id).map(({ owner }) => owner);
}

/** Whether a thing that is older than ids is known to be in a stack's state, whatever the stack was called then. */
export function isAdoptedBy(thing: EngineThing, owner: Owner, records: readonly ServiceRecord[]): boolean {
  return recordedOf(records, "adopted", thing).some((adopter) => isOf(adopter, owner));
}

/** Whether a stack has left a thing of its own to the other users, when it was destroyed. */
export function isLeftBy(thing: EngineThing, owner: Owner, records: readonly ServiceRecord[]): boolean {
  return recordedOf(records, "left", thing).some((leaver) => isOf(leaver, owner));
}

/** Whether a thing is a stack's, by its labels or because the stack is known to have it in its state. */
export function isOwnThing(thing: EngineThing, owner: Owner, records: readonly ServiceRecord[]): boolean {
  return isMadeBy(thing, owner) || isAdoptedBy(thing, owner, records);
}

/** Removes records; those that are not there are fine. */
export async function forget(dockerHost: string, volumes: readonly string[]): Promise<void> {
  for (const volume of volumes) await removeThing(dockerHost, "volume", volume);
}

/** An engine that has the volume already gives it as it is. */
async function makeVolume(dockerHost: string, name: string, labels: Labels): Promise<void> {
  await engineAt(dockerHost).createVolume(name, labels);
}
