import { knownOf } from "../lib/known.ts";
import { realPlace } from "../lib/place.ts";
import { Problem } from "../lib/problem.ts";
import { isCooperBench, runProcesses } from "../provision/steps/run-processes.ts";

/** Whether a command is CooperBench's, by a checkout's environment. */
function isBy(folder: string, command: readonly string[]): boolean {
  const environments = [folder, realPlace(folder)].map((of) => `${of}/.venv/`);
  return isCooperBench(command) && command.some((word) => environments.some((of) => word.startsWith(of)));
}

/**
 * Whether a process of a run lives on this machine; undefined where that is not known.
 *
 * @param name of the run, as it was given with -n.
 * @param folder of its checkout, absolute.
 */
export async function isRunGoing(name: string, folder: string): Promise<boolean | undefined> {
  const isOfRun = (command: readonly string[]) =>
    isBy(folder, command) && command.some((word) => word === name || word.endsWith(`=${name}`));
  const found = knownOf(await runProcesses(undefined, isOfRun));
  return found && found.length > 0;
}

/**
 * Has what would take a checkout's environment and services away wait for its runs.
 *
 * @param folder of the checkout, absolute.
 * @throws a Problem that names the processes of runs by that checkout's environment, where there are any.
 */
export async function assertNoRun(
  { stack, dockerHost }: { readonly stack: string; readonly dockerHost: string },
  folder: string,
): Promise<void> {
  const found = await runProcesses(dockerHost, (command) => isBy(folder, command));
  if ("unknown" in found || found.value.length === 0) return;
  const pids = found.value.map(({ pid }) => String(pid));
  throw new Problem(
    `a run of CooperBench is using the environment in ${folder} (process ${pids.join(", ")}), and would lose it. Nothing was changed.`,
    [
      { advice: "let it end" },
      { command: ["kill", ...pids], when: `to end it, before ./machine destroy ${stack}` },
    ],
  );
}
