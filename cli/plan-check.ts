import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { agentLimitsIn } from "../benchmark/agent-limits.ts";
import { checkRun, type RunCheck } from "../benchmark/check-run.ts";
import { type PairName, readRun } from "../benchmark/read-run.ts";
import { taskName } from "../benchmark/tasks.ts";
import { printable } from "../lib/printable.ts";
import { plannedRun, runsOf } from "../program/runs.ts";
import type { Caller, StackCaller } from "./caller.ts";
import { defaultStack } from "./default-stack.ts";
import { json } from "./json.ts";
import { changesSince, readMachineOf, told } from "./machine-of-run.ts";
import { noRun, runFolder } from "./run-folder.ts";
import { runReport } from "./run-report.ts";
import { openAsFound, readFoundSettings } from "./session.ts";
import { lookAtStack } from "./status.ts";
import { withoutKey } from "./without-key.ts";

/**
 * `./machine plan [STACK] --check RUN`: which results of a run are the model's, and which the machine's. Gives 1 where
 * some are not valid. How the machine differs from what the run was started on stands before that.
 *
 * @param run name of the run, or the path of its folder.
 */
export async function planCheck(
  named: string | undefined,
  run: string,
  isJson: boolean,
  caller: Caller,
): Promise<number> {
  const { projectDir, output } = caller;
  const stack = isAbsolute(run) && named === undefined ? undefined : (named ?? defaultStack(caller));
  const settings =
    stack === undefined ? undefined : await readFoundSettings(openAsFound({ ...caller, stack }));
  const { folder, name } = runFolder(resolve(projectDir, settings?.cooperbenchDir ?? ""), run);
  const logs = dirname(folder);
  const read = readRun(folder, name);
  if (read.pairs.length === 0 && !existsSync(join(folder, "config.json"))) throw noRun(run, folder);
  const check = checkRun(read, settings && plannedRun(settings, name), (setting) =>
    agentLimitsIn(dirname(logs), setting),
  );
  const machine = stack === undefined ? undefined : await machineDifferences({ ...caller, stack }, folder);
  const text = isJson
    ? asJson(check, machine)
    : (machine ?? []).map((line) => `machine.json: ${line}\n`).join("") +
      runReport(check, settings && runsOf(settings).services);
  output.print(printable(withoutKey(text, join(dirname(logs), ".env"))));
  return check.isValid ? 0 : 1;
}

/** How the machine differs from what the run was started on, in lines; undefined where that is not known. */
async function machineDifferences(
  caller: StackCaller,
  folder: string,
): Promise<readonly string[] | undefined> {
  const found = readMachineOf(folder);
  if (found === "none") return undefined;
  if (found === "unreadable") return ["it cannot be read"];
  return changesSince(found, caller, await lookAtStack(caller)).map(told);
}

function asJson(
  { run, verdicts, missingPairs, ...check }: RunCheck,
  machineChanges?: readonly string[],
): string {
  const { name, pairs: _, ...configuration } = run;
  return json("plan --check", {
    ...{ run: name, ...check, machineChanges, configuration },
    missingPairs: missingPairs.map(byTask),
    pairs: verdicts.map(({ pair: { evaluation, ...pair }, ...verdict }) => ({
      ...verdict,
      pair: {
        ...byTask(pair),
        ...(evaluation && {
          evaluation: { ...evaluation, features: evaluation.features.map(({ output: _, ...one }) => one) },
        }),
      },
    })),
  });
}

function byTask<T extends PairName>({ repo, taskId, ...pair }: T) {
  return { task: taskName({ repo, taskId }), ...pair };
}
