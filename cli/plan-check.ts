import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { agentLimitsIn } from "../benchmark/agent-limits.ts";
import { checkRun, type RunCheck } from "../benchmark/check-run.ts";
import { progressOf } from "../benchmark/progress.ts";
import { type PairName, type RunSetting, readRun } from "../benchmark/read-run.ts";
import { taskName } from "../benchmark/tasks.ts";
import { printable } from "../lib/printable.ts";
import { asTyped, machine } from "../lib/remedy.ts";
import { plannedRun, runsOf } from "../program/runs.ts";
import type { Caller, StackCaller } from "./caller.ts";
import type { Given } from "./commands.ts";
import { defaultStack } from "./default-stack.ts";
import { json } from "./json.ts";
import { isRunGoing } from "./live-runs.ts";
import { changesSince, readMachineOf, told } from "./machine-of-run.ts";
import { noRun, runFolder } from "./run-folder.ts";
import { nextOfRun, runCount, runReport } from "./run-report.ts";
import { openAsFound, readFoundSettings } from "./session.ts";
import { lookAtStack } from "./status.ts";
import { codeOf, conclude, type Verdict } from "./verdict.ts";
import { inWords, watch } from "./watch.ts";
import { withoutKey } from "./without-key.ts";

/**
 * `./machine plan [STACK] --check RUN [--watch]`: which results of a run are the model's, and which the machine's. Gives 1
 * where some are not valid, or the run goes on. How the machine differs from what the run was started on stands before that. With `watch` it
 * follows the run to its end first.
 */
export async function planCheck(
  { stack: named, check: run, json: isJson, watch: isWatched }: PlanCheck,
  caller: Caller,
): Promise<number> {
  const { projectDir, output } = caller;
  const stack = isAbsolute(run) && named === undefined ? undefined : (named ?? defaultStack(caller));
  // In `main`, only a stack that was named is known.
  output.stack = stack;
  const found = stack === undefined ? undefined : openAsFound({ ...caller, stack });
  const settings = found && (await readFoundSettings(found));
  const { folder, name } = runFolder(resolve(projectDir, settings?.cooperbenchDir ?? ""), run);
  const logs = dirname(folder);
  const checkout = dirname(logs);
  const isGoing = () => isRunGoing(name, checkout);
  const look = (goesOn: boolean) => {
    const read = readRun(folder, name);
    if (read.pairs.length === 0 && !existsSync(join(folder, "config.json"))) throw noRun(run, folder);
    const limits = (setting: RunSetting) => agentLimitsIn(checkout, setting);
    return checkRun(read, settings && plannedRun(settings, name), limits, goesOn);
  };
  const again = machine("plan", ...(stack === undefined ? [] : [stack]), "--check", run);
  const clean = (text: string) => printable(withoutKey(text, join(checkout, ".env")));
  if (isWatched) {
    const stop = `stop the run, then run:\n  ${asTyped(again)}`;
    const followed = { name, look, isGoing, stop, clean };
    if (!(await watch(followed, output)))
      return conclude(output, { outcome: "interrupted", text: `${name} goes on`, next: again });
  }
  const check = look((await isGoing()) === true);
  const progress = progressOf(check);
  const changes = stack === undefined ? undefined : await machineDifferences({ ...caller, stack }, folder);
  const services = settings && runsOf(settings).services;
  const text = isJson
    ? asJson(check, changes)
    : (changes ?? []).map((line) => `machine.json: ${line}\n`).join("") +
      runReport(check, services, checkout);
  output.print(clean(text));
  const redo = check.isValid ? undefined : nextOfRun(check, services, checkout);
  const report = check.isValid && stack !== undefined ? machine("report", stack) : again;
  const verdict: Verdict =
    check.isGoing && !progress.isComplete
      ? {
          outcome: "underWay",
          text: clean(`${name}: ${inWords(progress)}`),
          next: { command: [...again.command, "--watch"] },
        }
      : {
          outcome: check.isValid ? "done" : "failed",
          text: clean(runCount(check)),
          next: redo === undefined ? report : "advice" in redo ? { advice: clean(redo.advice) } : redo,
        };
  return isJson ? codeOf(verdict) : conclude(output, verdict);
}

/** What is asked: the run by its name, or the path of its folder. */
type PlanCheck = Given["plan"] & { readonly check: string };

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
