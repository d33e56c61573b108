import { environmentFor } from "../../../lib/environment.ts";
import { run } from "../../../lib/run.ts";

/** Seconds that git has for its answer. */
const ANSWER_SECONDS = 10;

/**
 * The files of CooperBench's own source in a checkout that are not as its commit has them, and so are none that a proof
 * by commit is of; none where git does not say.
 */
export async function changedSources(checkout: string): Promise<readonly string[]> {
  const args = ["-C", checkout, "--no-optional-locks", "status", "--porcelain", "--no-renames", "-z"];
  const answer = await run("git", [...args, "--untracked-files=no", "--", "src"], {
    env: environmentFor("git"),
    timeoutSeconds: ANSWER_SECONDS,
  }).catch(() => undefined); // where there is no git
  if (answer?.code !== 0) return [];
  return answer.stdout.split("\0").flatMap((line) => (line === "" ? [] : [line.slice("XY ".length)]));
}
