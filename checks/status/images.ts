import type { LockedTask } from "../../benchmark/images-lock.ts";
import { spreadTasks, taskName } from "../../benchmark/tasks.ts";
import { list } from "../../lib/list.ts";
import { type EngineImage, isLocked } from "../../provision/engine/images.ts";
import type { OracleResult } from "../../provision/steps/oracle.ts";
import type { ProbeResult } from "../../provision/steps/probe.ts";
import { proofNames } from "./names.ts";
import { firstLine, type Proof, resultOf, type StackState } from "./proofs.ts";
import type { RecordedImage } from "./record.ts";

/**
 * What an image is to its proof: `proved`, and there as it was proved; `failed` its last probe; `changed` since; `other`
 * than the lock says by now; `unproved`; `missing`; `unseen`, for the engine does not answer.
 */
export type ImageState = "proved" | "failed" | "changed" | "other" | "unproved" | "missing" | "unseen";

/** What is known of a task's oracle. */
export interface OracleStatus {
  /** Whether it passed, in the image and with the files of the dataset that are there now. */
  readonly isCurrent: boolean;
  /** Whether it failed, with what is there now. Default: false. */
  readonly hasFailed?: boolean;
  /** Why it does not count; undefined where it does. */
  readonly fault?: string | undefined;
  /** When it was last run. */
  readonly provedAt: string;
  /** Number of the feature whose gold patch and tests were run. */
  readonly feature: number;
  /** Seconds of the tests with the gold patch, and without it. */
  readonly goldSeconds: number;
  readonly controlSeconds: number;
}

/** What an image's runner.sh is to the dataset's. */
export interface RunnerStatus {
  readonly isDatasets: boolean;
  /** Id that git gives it as a file. */
  readonly id: string;
}

/** One image, and what is proved of it. */
export interface ImageStatus {
  /** Name of its task, as in a `tasks` setting. */
  readonly task: string;
  /** Image reference, `repository:tag`. */
  readonly reference: string;
  readonly state: ImageState;
  /** Why its last probe failed; undefined where none has. */
  readonly fault?: string | undefined;
  /** Which command has found that, and asks again. */
  readonly failedIn?: "verify" | "up" | undefined;
  /** Whether the lock has it, so that digest and platform were compared. */
  readonly isLocked: boolean;
  /** Bytes on the engine, layers that it shares with others among them; undefined where it is not there. */
  readonly sizeBytes?: number | undefined;
  /** When its probe last passed, in ISO 8601; this and the rest undefined where none has. */
  readonly provedAt?: string;
  readonly imageId?: string;
  /** Digest in the registry, as `repository@sha256:…`; empty where it came from none. */
  readonly digest?: string;
  /** Operating system and architecture, such as linux/amd64. */
  readonly platform?: string;
  /** Commit that /workspace/repo was found at. */
  readonly baseCommit?: string;
  /** Whose runner.sh the image has; undefined where one of the two is not known. */
  readonly runner?: RunnerStatus | undefined;
  /** Files of /workspace/repo that differ from the commit, or that it does not have. */
  readonly changedFiles?: number;
  /** Programs of the image's PATH that an agent's login shell does not find. */
  readonly lostPrograms?: readonly string[];
  /** Whether its oracle is wanted: whether its task is among those of the setting `oracleTasks`. */
  readonly isOracleWanted: boolean;
  readonly oracle?: OracleStatus;
}

/** What the images are held against. */
export interface ImageFacts {
  /** The images that the engine has; undefined where it does not answer. */
  readonly engine: readonly EngineImage[] | undefined;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Number of tasks whose oracle is wanted. */
  readonly oracleTasks: number;
  /** What the oracle would run now of a feature of a task; undefined where that is not known. */
  readonly datasetHashOf: (task: LockedTask, feature: number) => string | undefined;
  /** Id that git gives the dataset's runner.sh of a task; undefined where that is not known. */
  readonly datasetRunnerOf: (task: LockedTask) => string | undefined;
}

/** What is proved of each image, compared with what is there now. */
export function imagesStatus(
  tasks: readonly LockedTask[],
  facts: ImageFacts,
  state: Pick<StackState, "proofs" | "recorded">,
): readonly ImageStatus[] {
  const wanted = new Set(spreadTasks(tasks, facts.oracleTasks));
  return tasks.map((task) => {
    const there = facts.engine?.find(({ references }) => references.includes(task.image));
    const { proof, state: imageState, fault, failedIn } = probeOf(task, there, facts, state);
    const proved = resultOf<ProbeResult>(proof);
    return {
      task: taskName(task),
      reference: task.image,
      state: imageState,
      fault,
      failedIn,
      isLocked: task.locked !== undefined,
      sizeBytes: there?.sizeBytes,
      ...(proof &&
        proved && {
          provedAt: proof.provedAt,
          imageId: proved.imageId,
          digest: proved.digest,
          platform: proved.platform,
          baseCommit: proved.commit,
          changedFiles: proved.changedFiles,
          lostPrograms: proved.lostPrograms,
          runner: runnerOf(proved, facts.datasetRunnerOf(task)),
        }),
      isOracleWanted: wanted.has(task),
      ...oracleOf(task, there, facts, state),
    };
  });
}

function runnerOf(
  { runner }: Pick<ProbeResult, "runner">,
  datasets: string | undefined,
): RunnerStatus | undefined {
  return datasets === undefined ? undefined : { isDatasets: runner === datasets, id: runner };
}

/** The images whose oracle is wanted, and those that `oracle` was run in: what of the oracle counts. */
export function withOracle(images: readonly ImageStatus[]): readonly ImageStatus[] {
  return images.filter(
    ({ isOracleWanted, oracle }) =>
      isOracleWanted || oracle?.isCurrent === true || oracle?.hasFailed === true,
  );
}

/** What is odd of images, the same on every machine and in no run's way; a line each. */
export function oddities(images: readonly ImageStatus[]): readonly string[] {
  return images.flatMap(({ task, changedFiles = 0, lostPrograms = [] }) => [
    ...(changedFiles > 0
      ? [
          `${task}: ${changedFiles === 1 ? "1 file of /workspace/repo differs" : `${changedFiles} files of /workspace/repo differ`} from its commit`,
        ]
      : []),
    ...(lostPrograms.length > 0 ? [`${task}: an agent's shell does not find ${several(lostPrograms)}`] : []),
  ]);
}

/** Some of many names: three do for a line. */
export const several = (names: readonly string[]) => list(names, 3);

/** What a probe wants of an image, in a word that is compared. */
export function wantedOf({ locked, baseCommit }: LockedTask): string {
  return [baseCommit, locked?.digest, locked?.imageId, locked?.platform].join(" ");
}

interface Probed {
  readonly proof: Proof | undefined;
  readonly state: ImageState;
  readonly fault?: string | undefined;
  readonly failedIn?: ImageStatus["failedIn"];
}

/** The probe that tells most: the newest of those that are of what is there, else the newest. */
function probeOf(
  task: LockedTask,
  there: EngineImage | undefined,
  { engine, dockerHost }: ImageFacts,
  { proofs, recorded }: Pick<StackState, "proofs" | "recorded">,
): Probed {
  const name = proofNames.image(task);
  const found = recorded?.images[taskName(task)];
  const isOfThere =
    found?.imageId === there?.id && found?.dockerHost === dockerHost && found?.wanted === wantedOf(task);
  const failedIn = found?.problem !== undefined && isOfThere ? "verify" : "up";
  const failed = failedIn === "verify" ? found : recorded?.failures[name];
  const known = [provedBy(found), proofs.get(name)].filter((proof) => proof !== undefined);
  const judged = known
    .toSorted((a, b) => (a.provedAt < b.provedAt ? 1 : -1))
    .map((proof) => ({
      proof,
      state: stateOf(task, there, resultOf<ProbeResult>(proof), proof, dockerHost),
    }));
  const best = judged.find(({ state }) => state === "proved") ?? judged[0];
  if (engine === undefined) return { proof: best?.proof, state: "unseen" };
  if (there === undefined) return { proof: best?.proof, state: "missing" };
  if (failed !== undefined && failed.at > (best?.proof.provedAt ?? ""))
    return { proof: best?.proof, state: "failed", fault: firstLine(failed.problem ?? ""), failedIn };
  return best ?? { proof: undefined, state: "unproved" };
}

/** What `verify` has found, as a proof; undefined where it found a fault. */
function provedBy(found: RecordedImage | undefined): Proof | undefined {
  if (found === undefined || found.problem !== undefined) return undefined;
  const { at, dockerHost, ...result } = found;
  return { provedAt: at, request: { dockerHost }, of: [], result };
}

function stateOf(
  { locked, baseCommit }: LockedTask,
  there: EngineImage | undefined,
  proved: ProbeResult | undefined,
  { request }: Proof,
  dockerHost: string,
): ImageState {
  if (there === undefined) return "missing";
  // A probe of old has asked less.
  if (proved?.runner === undefined) return "unproved";
  const isElsewhere = request.dockerHost !== undefined && request.dockerHost !== dockerHost;
  if (there.id !== proved.imageId || isElsewhere) return "changed";
  // An engine's list does not say a platform; the probe has found it.
  const isAsLocked =
    locked === undefined ||
    ((proved.digest === "" || proved.digest.endsWith(`@${locked.digest}`)) &&
      isLocked({ ...there, platform: proved.platform }, locked));
  return isAsLocked && proved.commit === baseCommit ? "proved" : "other";
}

/** What is known of a task's oracle: the last try of each feature with what is there now counts. */
function oracleOf(
  task: LockedTask,
  there: EngineImage | undefined,
  { engine, datasetHashOf }: ImageFacts,
  { proofs, recorded }: Pick<StackState, "proofs" | "recorded">,
): Pick<ImageStatus, "oracle"> {
  const otherThan = (imageId: string, datasets: readonly string[], dataset: string | undefined) =>
    engine === undefined ? "the engine does not answer" : otherThanThere(there, imageId, datasets, dataset);
  const name = proofNames.oracle(task);
  const ofState = proofs.get(name);
  const passed = resultOf<OracleResult>(ofState);
  const tries: OracleStatus[] = Object.values(recorded?.oracles ?? {})
    .filter((found) => found.task === taskName(task))
    .map(({ at, problem, feature, goldSeconds, controlSeconds, ...found }) => {
      const fault = otherThan(found.imageId, [found.dataset], datasetHashOf(task, feature));
      return { provedAt: at, feature, goldSeconds, controlSeconds, ...judgedBy(fault, problem) };
    });
  if (ofState !== undefined && passed !== undefined) {
    const { imageId, feature, goldSeconds, controlSeconds } = passed;
    const fault = otherThan(imageId, ofState.of, datasetHashOf(task, feature));
    const failed = recorded?.failures[name];
    const problem = failed !== undefined && failed.at > ofState.provedAt ? failed.problem : undefined;
    tries.push({
      ...{ provedAt: ofState.provedAt, feature, goldSeconds, controlSeconds },
      ...judgedBy(fault, problem),
    });
  }
  const newest = tries.toSorted((a, b) => (a.provedAt < b.provedAt ? 1 : -1));
  const last = newest.filter(({ feature }, at) => at === newest.findIndex((one) => one.feature === feature));
  const oracle = last.find((one) => one.hasFailed) ?? newest.find((one) => one.isCurrent) ?? newest[0];
  return oracle === undefined ? {} : { oracle };
}

/** Why an oracle is none of what is there; undefined where it is. */
function otherThanThere(
  there: Pick<EngineImage, "id"> | undefined,
  imageId: string,
  datasets: readonly string[],
  dataset: string | undefined,
): string | undefined {
  const image = imageId.slice(0, 19);
  if (there === undefined) return `it was run in image ${image}, which is missing`;
  if (there.id !== imageId) return `it was run in image ${image}, and ${there.id.slice(0, 19)} is there now`;
  // A state of old does not say what was run.
  const isSaid = datasets.some((word) => word !== imageId && word.startsWith("sha256:"));
  return isSaid && dataset !== undefined && !datasets.includes(dataset)
    ? "its runner or its patches have changed since"
    : undefined;
}

function judgedBy(
  fault: string | undefined,
  problem: string | undefined,
): Pick<OracleStatus, "isCurrent" | "hasFailed" | "fault"> {
  if (fault !== undefined || problem === undefined) return { isCurrent: fault === undefined, fault };
  return { isCurrent: false, hasFailed: true, fault: firstLine(problem) };
}
