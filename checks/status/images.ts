import type { LockedTask } from "../../benchmark/images-lock.ts";
import { spreadTasks, taskName } from "../../benchmark/tasks.ts";
import { type EngineImage, isLocked } from "../../provision/engine/images.ts";
import type { OracleResult } from "../../provision/steps/oracle.ts";
import type { ProbeResult } from "../../provision/steps/probe.ts";
import { proofNames } from "./names.ts";
import { type Proofs, resultOf } from "./proofs.ts";

/**
 * What an image is to its proof: `proved`, and there as it was proved; `changed` since; `other` than the lock says by
 * now; `unproved`; `missing`; `unseen`, for the engine does not answer.
 */
export type ImageState = "proved" | "changed" | "other" | "unproved" | "missing" | "unseen";

/** What the state has of a task's oracle. */
export interface OracleStatus {
  /** Whether it was run in the image that is there now. */
  readonly isCurrent: boolean;
  readonly provedAt: string;
  /** Number of the feature whose gold patch and tests were run. */
  readonly feature: number;
  /** Seconds of the tests with the gold patch, and without it. */
  readonly goldSeconds: number;
  readonly controlSeconds: number;
}

/** One image, and what is proved of it. */
export interface ImageStatus {
  /** Name of its task, as in a `tasks` setting. */
  readonly task: string;
  /** Image reference, `repository:tag`. */
  readonly reference: string;
  readonly state: ImageState;
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
  /** Whether its oracle is wanted: whether its task is among those of the setting `smoke`. */
  readonly isSmoked: boolean;
  readonly oracle?: OracleStatus;
}

/**
 * What is proved of each image, compared with what the engine has now.
 *
 * @param engine the images that it has; undefined where it does not answer.
 * @param smoke number of tasks whose oracle is wanted.
 */
export function imagesStatus(
  tasks: readonly LockedTask[],
  engine: readonly EngineImage[] | undefined,
  proofs: Proofs,
  smoke: number,
): readonly ImageStatus[] {
  const smoked = new Set(spreadTasks(tasks, smoke));
  return tasks.map((task) => {
    const there = engine?.find(({ references }) => references.includes(task.image));
    const proof = proofs.get(proofNames.image(task));
    const proved = resultOf<ProbeResult>(proof);
    return {
      task: taskName(task),
      reference: task.image,
      state: engine === undefined ? "unseen" : stateOf(task, there, proved),
      isLocked: task.locked !== undefined,
      sizeBytes: there?.sizeBytes,
      ...(proof &&
        proved && {
          provedAt: proof.provedAt,
          imageId: proved.imageId,
          digest: proved.digest,
          platform: proved.platform,
          baseCommit: proved.commit,
        }),
      isSmoked: smoked.has(task),
      ...oracleOf(task, there, proofs),
    };
  });
}

function stateOf(
  { locked, baseCommit }: LockedTask,
  there: EngineImage | undefined,
  proved: ProbeResult | undefined,
): ImageState {
  if (there === undefined) return "missing";
  if (proved === undefined) return "unproved";
  if (there.id !== proved.imageId) return "changed";
  // An engine's list does not say a platform; the probe has found it.
  const isAsLocked =
    locked === undefined ||
    (proved.digest.endsWith(`@${locked.digest}`) &&
      isLocked({ ...there, platform: proved.platform }, locked));
  return isAsLocked && proved.commit === baseCommit ? "proved" : "other";
}

function oracleOf(
  task: LockedTask,
  there: EngineImage | undefined,
  proofs: Proofs,
): Pick<ImageStatus, "oracle"> {
  const proof = proofs.get(proofNames.oracle(task));
  const passed = resultOf<OracleResult>(proof);
  if (proof === undefined || passed === undefined) return {};
  const { imageId, feature, goldSeconds, controlSeconds } = passed;
  const isCurrent = there?.id === imageId;
  return { oracle: { isCurrent, provedAt: proof.provedAt, feature, goldSeconds, controlSeconds } };
}
