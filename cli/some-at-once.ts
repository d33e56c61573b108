import PQueue from "p-queue";

/** Milliseconds between two words of how far it is. */
const TELL_MS = 2000;

/**
 * Does jobs, some at a time. Gives what came of each, in their order.
 *
 * @param progress told now and then how many are done and how many are under way.
 */
export async function someAtOnce<Result>(
  jobs: readonly (() => Promise<Result>)[],
  atOnce: number,
  progress: (done: number, running: number) => void,
): Promise<readonly Result[]> {
  const queue = new PQueue({ concurrency: atOnce });
  const tell = () => progress(jobs.length - queue.size - queue.pending, queue.pending);
  const timer = setInterval(tell, TELL_MS);
  return queue.addAll(jobs).finally(() => clearInterval(timer));
}
