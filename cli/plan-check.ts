import { existsSync } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import { judge, type Verdict } from "../benchmark/judge.ts";
import { coopOptions, isPlanned, type PlanFacts } from "../benchmark/plan.ts";
import { type PairResult, type Run, readRun } from "../benchmark/read-run.ts";
import { Problem } from "../lib/problem.ts";
import { shellWord } from "../lib/shell-word.ts";
import { plannedPairs, runsOf } from "../program/runs.ts";
import type { Caller } from "./caller.ts";
import { defaultStack } from "./default-stack.ts";
import { readSettings } from "./stack-settings.ts";
import { table } from "./table.ts";
import { withoutKey } from "./without-key.ts";

/**
 * `./machine plan [STACK] --check RUN`: which results of a run are the model's, and which the machine's. Gives 1 where
 * some are not valid.
 *
 * @param run name of the run, or the path of its folder.
 */
export async function planCheck(
  named: string | undefined,
  run: string,
  json: boolean,
  caller: Caller,
): Promise<number> {
  const { projectDir, output } = caller;
  const settings =
    isAbsolute(run) && named === undefined
      ? undefined
      : readSettings({ projectDir, stack: named ?? defaultStack(caller) });
  const checkout = resolve(projectDir, settings?.cooperbenchDir ?? "");
  const folder = resolve(checkout, "logs", run);
  if (!existsSync(folder)) {
    throw new Problem(
      `there is no run ${run} (no ${folder}); want the name of one, or the path of its folder`,
    );
  }
  const name = basename(folder);
  const found = readRun(folder, name);
  // What a run says is of its last command, which may have done a pair of it again.
  const planned = settings && plannedPairs(settings, name);
  const read = { ...found, wanted: Math.max(planned ?? 0, found.wanted ?? 0) };
  const verdicts = read.pairs.map(judge);
  const text = json
    ? `${JSON.stringify({ run: read.name, pairs: verdicts }, null, 2)}\n`
    : show(read, verdicts, settings && runsOf(settings).services);
  output.print(withoutKey(text, join(folder, "..", "..", ".env")));
  return isWhole(read, verdicts) ? 0 : 1;
}

function isWhole(run: Run, verdicts: readonly Verdict[]): boolean {
  return verdicts.every(({ kind }) => kind === "valid") && missingOf(run) === 0 && verdicts.length > 0;
}

/** Pairs that the run was to do, and has nothing of. A run says how many it was to do for one setting. */
function missingOf({ wanted, pairs }: Run): number {
  return wanted === undefined ? 0 : Math.max(0, wanted - pairs.length);
}

function show(run: Run, verdicts: readonly Verdict[], services: PlanFacts["services"]): string {
  const bad = verdicts.filter(({ kind }) => kind !== "valid");
  const rows = bad.map(({ pair, kind, reasons }) => [kind.toUpperCase(), pairName(pair), reasons.join("; ")]);
  const remedies = [...new Set(bad.flatMap(({ remedies }) => remedies))];
  const missing = missingOf(run);
  const passed = verdicts.filter(({ kind, pair }) => kind === "valid" && pair.evaluation?.passed).length;
  const evaluated = verdicts.filter(
    ({ kind, pair }) => kind === "valid" && pair.evaluation !== undefined,
  ).length;
  const unevaluated = verdicts.length - bad.length - evaluated;
  const lines = [
    ...table(rows),
    ...remedies.map((remedy) => `to mend it: ${remedy}`),
    ...commands(run, bad, services),
    ...(missing === 0
      ? []
      : [`${missing} of ${run.wanted} pairs have no result: give the run's command again, which goes on`]),
    ...(unevaluated === 0
      ? []
      : [`${unevaluated} not evaluated: .venv/bin/cooperbench eval -n ${shellWord(run.name)}`]),
    `${run.name}: ${verdicts.length - bad.length} of ${verdicts.length} results are the model's, ${passed} of ${evaluated} evaluated ones passed`,
  ];
  return `${lines.join("\n")}\n`;
}

function pairName({ setting, repo, taskId, features }: PairResult): string {
  return `${setting} ${repo}/${taskId} ${features.join(",")}`;
}

/** What does each of the pairs again that are not valid, in the checkout. */
function commands(run: Run, bad: readonly Verdict[], services: PlanFacts["services"]): readonly string[] {
  const model = run.model === "" ? "" : ` -m ${shellWord(run.model)}`;
  const lines = bad.map(({ pair: { setting, repo, taskId, features }, kind }) => {
    const which = `-n ${shellWord(run.name)} -r ${repo} -t ${taskId} -f ${features.join(",")} --force`;
    const options = setting === "solo" ? "" : coopOptions(run.name, services);
    return kind === "evaluation"
      ? `again: .venv/bin/cooperbench eval ${which}`
      : `again: .venv/bin/cooperbench run ${which} --setting ${setting}${options}${model}`;
  });
  const isUnsure =
    !isPlanned(run.name) && bad.some(({ pair, kind }) => pair.setting !== "solo" && kind !== "evaluation");
  return isUnsure
    ? [...lines, "add to these what the run had besides, such as --no-messaging: its files do not say"]
    : lines;
}
