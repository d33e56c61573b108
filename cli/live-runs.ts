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
  const pids = found.value.map(({ pid }) => String(pid));
  throw new Problem(
    `a run of CooperBench is going by the environment in ${folder} (process ${pids.join(", ")}), and would lose it. Nothing was changed.`,
    [
      { advice: "let it end" },
      { command: ["kill", ...pids], when: `to end it, before ./machine destroy ${stack}` },
    ],
  );
}
