import type Docker from "dockerode";
import { explainPullFailure } from "./pull-failure.ts";

/** Where an image came from, and how long that took. */
export interface Pulled {
  /** Whether it was on the engine already. */
  readonly found: boolean;
  readonly seconds: number;
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
 * @param progress is told what the pull is at, at most once a second.
 * @throws an error with the true cause and its remedy.
 */
export async function pullImage(
  engine: Docker,
  reference: string,
  progress: (line: string) => void,
): Promise<Pulled> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  try {
    if (await hasImage(engine, reference)) return { found: true, seconds: seconds() };
    const stream = await engine.pull(reference);
    const follow = followProgress(progress);
    await new Promise<void>((resolve, reject) => {
      engine.modem.followProgress(
        stream,
        (error: Error | null) => (error ? reject(error) : resolve()),
        follow,
      );
    });
    if (!(await hasImage(engine, reference))) throw new Error("the engine ended the pull without a word");
    return { found: false, seconds: seconds() };
  } catch (error) {
    throw new Error(explainPullFailure(reference, error as Error), { cause: error });
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

function followProgress(progress: (line: string) => void): (event: PullEvent) => void {
  const layers = new Map<string, { current: number; total: number }>();
  let told = 0;
  return ({ id, status, progressDetail }) => {
    if (id === undefined || status !== "Downloading" || progressDetail?.total === undefined) return;
    layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total });
    if (performance.now() - told < 1000) return;
    told = performance.now();
    const sum = (key: "current" | "total") =>
      [...layers.values()].reduce((bytes, layer) => bytes + layer[key], 0);
    progress(`downloading: ${megabytes(sum("current"))} of ${megabytes(sum("total"))} MB seen so far`);
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
