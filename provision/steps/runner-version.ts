import { relative } from "node:path";
import { environmentFor } from "../../lib/environment.ts";
import { answerOf } from "../../lib/run.ts";
import { runnerFile } from "./task-dataset.ts";

/** Seconds that git has to find it; it looks at the commits of one file. */
const ANSWER_SECONDS = 10;

const ABOUT = "src/cooperbench/__about__.py";

/**
 * The version of CooperBench, such as `0.0.20`, whose dataset was the first to have a task's runner.sh as it is in an
 * image; undefined where no commit that the checkout knows has it.
 *
 * @param folder of the task in the checkout's dataset.
 * @param runner id that git gives the runner as a file.
 */
export async function versionOfRunner(
  checkout: string,
  folder: string,
  runner: string,
): Promise<string | undefined> {
  if (!/^[0-9a-f]{40}$/.test(runner)) return undefined;
  const git = (...args: readonly string[]) =>
    answerOf("git", ["-C", checkout, "--no-pager", ...args], {
      env: environmentFor("git"),
      timeoutSeconds: ANSWER_SECONDS,
    });
  const file = relative(checkout, runnerFile(folder));
  const commits = await git(
    "log",
    "--all",
    "--topo-order",
    "--format=%H",
    `--find-object=${runner}`,
    "--",
    file,
  );
  const first = commits?.split("\n").at(-1);
  if (!first) return undefined;
  const about = await git("show", `${first}:${ABOUT}`);
  return /__version__ = "([\w.+-]+)"/.exec(about ?? "")?.[1];
}
