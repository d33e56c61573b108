import PQueue from "p-queue";
import { report } from "./terminal.ts";

/** Milliseconds between two words of how far it is. */
const TELL_MS = 2000;

/**
 * Does jobs, some at a time, and tells how far they are. Gives what came of each, in their order.
 *
 * @param progress what is told, of how many are done and how many are under way.
 */
export async function someAtOnce<Result>(
  jobs: readonly (() => Promise<Result>)[],
  atOnce: number,
  progress: (done: number, running: number) => string,
): Promise<readonly Result[]> {
  const queue = new PQueue({ concurrency: atOnce });
  const tell = () => report(progress(jobs.length - queue.size - queue.pending, queue.pending));
  const timer = setInterval(tell, TELL_MS);
  return queue.addAll(jobs).finally(() => clearInterval(timer));
}
