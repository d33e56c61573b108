import type Docker from "dockerode";
import { explainPullFailure, isUnreachable } from "./pull-failure.ts";

/** How far the download of one image is, in bytes, over the layers that the engine has begun. */
export interface PullProgress {
  readonly done: number;
  readonly total: number;
}

/** One line of the stream in which the engine tells how a pull goes. */
interface PullEvent {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/**
 * Pulls an image, unless the engine has it.
 *
 * @throws an error with the true cause and its remedy.
 */
export async function pullImage(
  engine: Docker,
  reference: string,
  progress: (progress: PullProgress) => void,
): Promise<void> {
  try {
    if (await hasImage(engine, reference)) return;
    const stream = await engine.pull(reference);
    const follow = followDownload(progress);
    await new Promise<void>((resolve, reject) => {
      engine.modem.followProgress(
        stream,
        (error: Error | null) => (error ? reject(error) : resolve()),
        follow,
      );
    });
    if (!(await hasImage(engine, reference))) throw new Error("the engine ended the pull without a word");
  } catch (error) {
    throw new Error(explainPullFailure(reference, await truerError(engine, reference, error as Error)), {
      cause: error,
    });
  }
}

/**
 * The error that tells more: an engine with a mirror goes on to Docker Hub where the mirror lacks the image, and
 * where that is out of reach says only so. Asked for the image's manifest, it gives the mirror's own answer.
 */
async function truerError(engine: Docker, reference: string, error: Error): Promise<Error> {
  if (!isUnreachable(error)) return error;
  try {
    await engine.getImage(reference).distribution();
    return error;
  } catch (answer) {
    return isUnreachable(answer as Error) ? error : (answer as Error);
  }
}

/** Whether the engine has an image of this reference. */
export async function hasImage(engine: Docker, reference: string): Promise<boolean> {
  try {
    await engine.getImage(reference).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

function followDownload(progress: (progress: PullProgress) => void): (event: PullEvent) => void {
  const layers = new Map<string, PullProgress>();
  return ({ id, status, progressDetail }) => {
    if (id === undefined || status !== "Downloading" || progressDetail?.total === undefined) return;
    layers.set(id, { done: progressDetail.current ?? 0, total: progressDetail.total });
    const sum = (key: keyof PullProgress) =>
      [...layers.values()].reduce((bytes, layer) => bytes + layer[key], 0);
    progress({ done: sum("done"), total: sum("total") });
  };
}
