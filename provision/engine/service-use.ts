import { join } from "node:path";
import { foundOf, Problem } from "../../lib/problem.ts";
import { remedyLine } from "../../lib/remedy.ts";
import { type Owner, ownerName } from "../ownership/owner.ts";
import { hasSettings } from "../ownership/settings-here.ts";
import { engineAt } from "./client.ts";
import { dockerAt } from "./docker-command.ts";
import {
  containerAt,
  type EngineThing,
  isSurelyMadeBy,
  networkAt,
  removal,
  removeThing,
  type ThingKind,
  volumeAt,
} from "./owned.ts";
import {
  forget,
  isAdoptedBy,
  recordedOf,
  recordThing,
  type ServiceName,
  type ServiceRecord,
  serviceRecords,
  services,
  useVolume,
} from "./service-records.ts";

/** Folder of this project. */
const project = join(import.meta.dirname, "../..");

/** What a stack has to do with a service that the stacks of an engine share. */
export interface ServiceUse {
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  readonly service: ServiceName;
  readonly owner: Owner;
}

/** What becomes of the record: it is to be there, or to stay as it is. */
export type UseWish = "record" | "keep";

/**
 * Ends a stack's use of a service. What stacks have made of it goes with its last user, whoever made it; what is left
 * to others is named, and so is what nobody can be known to have left. What no stack made is never touched. Can be
 * repeated after any interruption: the record goes first, so that of two stacks that end at once one sees no other.
 *
 * @param report takes what a reader should know.
 * @throws a Problem where something that should go cannot.
 */
export async function endUse(use: ServiceUse, report: (line: string) => void): Promise<void> {
  const { dockerHost, service, owner } = use;
  await answered(dockerHost, () => forget(dockerHost, [useVolume(service, owner)]));
  let records = await serviceRecords(dockerHost, service);
  if (usersIn(records).length > 0) {
    await noteLeft(use, records);
    // Of two that end at once, the other may have gone on before it could see what was just noted.
    records = await serviceRecords(dockerHost, service);
  }
  const users = usersIn(records);
  const things = await thingsOf(use);
  if (users.length > 0) return reportLeft(use, things, users, report);
  for (const { kind, name, thing } of things) {
    if (mayGo(thing, owner, records)) await remove(dockerHost, kind, name, thing);
    else
      report(
        `The ${kind} ${name} is left: it is of a stack ${thing.owner?.stack} that is older than ids, and may be in use. ` +
          remedyLine(removal(dockerHost, kind, name, "if it is not in use")),
      );
  }
  await forget(
    dockerHost,
    records.map(({ volume }) => volume),
  );
}

/**
 * Ends a stack's use of a service on an engine that the stack has left for another. Nothing where both names are of one
 * engine. What cannot be removed is named: the stack goes on with its new engine.
 *
 * @param here the stack's engine by now, as in DOCKER_HOST.
 */
export async function leaveEngine(
  use: ServiceUse,
  here: string,
  report: (line: string) => void,
): Promise<void> {
  const { dockerHost, service } = use;
  if (dockerHost === here) return;
  const { title, things } = services[service];
  try {
    const [there, now] = await Promise.all(
      [dockerHost, here].map((host) => engineAt(host).info<{ readonly ID?: string }>()),
    );
    if (!there?.ID || there.ID === now?.ID) return;
    await endUse(use, report);
    report(
      `${title} was removed from the engine at ${dockerHost}, which stack ${use.owner.stack} no longer uses`,
    );
  } catch (error) {
    report(
      `${title} may still be on the engine at ${dockerHost}, which stack ${use.owner.stack} no longer uses: ${foundOf(error)}. ` +
        remedyLine(removal(dockerHost, "container", things.container, "once it answers")),
    );
  }
}

interface NamedThing {
  readonly kind: ThingKind;
  readonly name: string;
  readonly thing: EngineThing;
}

/** What stacks have made of a service, in the order in which it can go. */
async function thingsOf({ dockerHost, service }: ServiceUse): Promise<readonly NamedThing[]> {
  const looks = { container: containerAt, network: networkAt, volume: volumeAt };
  const found: NamedThing[] = [];
  for (const [kind, name] of Object.entries(services[service].things) as [ThingKind, string][]) {
    const thing = await looks[kind](dockerHost, name);
    if (thing?.owner !== undefined) found.push({ kind, name, thing });
  }
  return found;
}

/**
 * Whether a thing can go, once no stack is known to use the service: it is the stack's; its maker, which has an id, and
 * so would have a record, is gone; or it is older than ids, and who had it in its state has left it.
 */
function mayGo(thing: EngineThing, owner: Owner, records: readonly ServiceRecord[]): boolean {
  if (thing.owner?.id !== undefined || isSurelyMadeBy(thing, owner)) return true;
  return recordedOf(records, "left", thing).length > 0 || isAdoptedBy(thing, owner, records);
}

const usersIn = (records: readonly ServiceRecord[]) => records.filter(({ kind }) => kind === "uses");

/** Notes on the engine what of the stack's own it leaves to others. */
async function noteLeft(use: ServiceUse, records: readonly ServiceRecord[]): Promise<void> {
  const { dockerHost, service, owner } = use;
  for (const { thing } of await thingsOf(use))
    if (isSurelyMadeBy(thing, owner) || isAdoptedBy(thing, owner, records))
      await recordThing(dockerHost, service, owner, "left", thing.id);
}

function reportLeft(
  { dockerHost, service, owner }: ServiceUse,
  things: readonly NamedThing[],
  users: readonly ServiceRecord[],
  report: (line: string) => void,
): void {
  const [first] = things;
  if (first === undefined) return;
  const what = `${services[service].title} is left (${first.kind} ${first.name})`;
  for (const user of users) {
    const left = removal(dockerHost, "volume", user.volume, "if that stack no longer exists");
    const fix = hasSettings(user.owner, project) ? "" : `. ${remedyLine(left)}`;
    report(`${what}: stack ${ownerName(user.owner, owner)} uses it${fix}`);
  }
}

async function remove(dockerHost: string, kind: ThingKind, name: string, thing: EngineThing): Promise<void> {
  try {
    await removeThing(dockerHost, kind, thing.id);
  } catch (error) {
    const users = kind === "network" ? await containersIn(dockerHost, thing.id) : [];
    const found =
      users.length > 0
        ? `the network ${name} cannot be removed: ${users.join(", ")} ${users.length > 1 ? "are" : "is"} in it`
        : `the ${kind} ${name} cannot be removed: ${foundOf(error)}`;
    const [user] = users;
    const leave =
      user === undefined
        ? { advice: "stop what uses it, then run the command again" }
        : {
            command: dockerAt(dockerHost, "network", "disconnect", name, user),
            when: `to take ${user} out of it, before you run the command again`,
          };
    throw new Problem(found, leave, { cause: error });
  }
}

/** The containers in a network, by their names; none where that is not known. */
async function containersIn(dockerHost: string, network: string): Promise<readonly string[]> {
  try {
    const { Containers } = await engineAt(dockerHost).getNetwork(network).inspect();
    return Object.values(Containers ?? {}).map(({ Name }) => Name);
  } catch {
    return [];
  }
}

async function answered<Result>(dockerHost: string, ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    throw new Problem(
      `nothing was removed from the engine at ${dockerHost}: ${foundOf(error)}`,
      { advice: "start it, then run the command again" },
      { cause: error },
    );
  }
}
