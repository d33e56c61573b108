import { Problem } from "../lib/problem.ts";
import { isCooperBench, runProcesses } from "../provision/steps/run-processes.ts";

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
  const isOfCheckout = (command: readonly string[]) =>
    isCooperBench(command) && command.some((word) => word.startsWith(`${folder}/.venv/`));
  const found = await runProcesses(dockerHost, isOfCheckout);
  if ("unknown" in found || found.value.length === 0) return;
  const pids = found.value.map(({ pid }) => pid).join(" ");
  throw new Problem(
    `a run of CooperBench is going by the environment in ${folder} (process ${pids.replaceAll(" ", ", ")}), and would lose it. ` +
      `Nothing was changed.\nFix: let it end, or end it, then destroy stack ${stack}:\n  kill ${pids}`,
  );
}
