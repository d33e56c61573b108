import type { Owner } from "../ownership/owner.ts";
import {
  containerAt,
  type EngineContainer,
  type EngineThing,
  type Labels,
  madeLabels,
  networkAt,
  volumeAt,
} from "./owned.ts";
import { gitNames } from "./service-names.ts";
import { isLeftBy, isOwnThing, type ServiceRecord, serviceRecords, useVolume } from "./service-records.ts";

/** Whose a thing of the git server is: what another has made is used as it is. */
type Whose = "foreign" | "own";

/** What is there already of the git server. */
export interface ExistingGit {
  readonly container: Whose;
  readonly network: Whose;
  readonly volume: Whose;
  /** What is wrong with the stack's own container; undefined where nothing is. */
  readonly finding?: string;
  /** Id of another's container: another id is another server. */
  readonly identity?: string;
  /**
   * The labels of the making of what is the stack's own and there, as for Redis (existing-redis.ts). `unknown`
   * where the engine did not answer.
   */
  readonly labels?: Readonly<Partial<Record<"container" | "network" | "volume", Labels>>> | "unknown";
  /** Whether the stack's own is paused, which an update ends. Default: false. */
  readonly isPaused?: boolean;
  /** Whether another's container is a stack's, which goes with the last stack that uses it. */
  readonly isShared?: boolean;
  /** Whether the engine has the stack's record that it uses the git server. */
  readonly isRecorded?: boolean;
}

/** Looks for the git server on an engine, without judging. @throws an error where the engine does not answer. */
export async function lookAtGit(dockerHost: string): Promise<GitFacts> {
  const [container, network, volume, records] = await Promise.all([
    containerAt(dockerHost, gitNames.container),
    networkAt(dockerHost, gitNames.network),
    volumeAt(dockerHost, gitNames.volume),
    serviceRecords(dockerHost, "git"),
  ]);
  return { container, network, volume, records };
}

/** What was found under the names; undefined for nothing. */
export interface GitFacts {
  readonly container: EngineContainer | undefined;
  readonly network: EngineThing | undefined;
  readonly volume: EngineThing | undefined;
  /** What the stacks have noted beside the service. Default: nothing. */
  readonly records?: readonly ServiceRecord[];
}

/** Where the engine does not answer, whoever works with it reports that; until then nothing is taken for gone. */
export const unknownGit: ExistingGit = {
  container: "own",
  network: "own",
  volume: "own",
  labels: "unknown",
};

/** What that means for a stack. */
export function judgeGit(owner: Owner, { container, network, volume, records = [] }: GitFacts): ExistingGit {
  // What the stack has left to other stacks, when it was destroyed, is no longer its own while the server runs.
  const isOwn = (thing: EngineThing) =>
    isOwnThing(thing, owner, records) && !(container?.running === true && isLeftBy(thing, owner, records));
  const whose = (thing: EngineThing | undefined): Whose =>
    thing === undefined || isOwn(thing) ? "own" : "foreign";
  const found = { container: whose(container), network: whose(network), volume: whose(volume) };
  const ended = container !== undefined && found.container === "own" && !container.running;
  const labelsOf = (name: "container" | "network" | "volume", thing: EngineThing | undefined) =>
    thing?.owner !== undefined && found[name] === "own" ? { [name]: madeLabels(thing.labels) } : {};
  const labels = {
    ...(!ended && labelsOf("container", container)),
    ...labelsOf("network", network),
    ...labelsOf("volume", volume),
  };
  const isForeign = container !== undefined && found.container === "foreign";
  return {
    ...found,
    ...(ended && { finding: `it is ${container.state}` }),
    ...(container?.state === "paused" && found.container === "own" && { isPaused: true }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(isForeign && { identity: container.id, isShared: container.owner !== undefined }),
    ...(records.some((record) => record.volume === useVolume("git", owner)) && { isRecorded: true }),
  };
}
