import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { Problem } from "../provision/problem.ts";
import { judge, type Verdict } from "../runs/judge.ts";
import { type PairResult, type Run, readRun } from "../runs/read-run.ts";
import { defaultStack } from "./default-stack.ts";
import { projectDir } from "./session.ts";
import { readConfiguration } from "./stack-file.ts";
import { table } from "./table.ts";

/**
 * `./machine plan [STACK] --check RUN`: which results of a run are the model's, and which the machine's. Gives 1 where
 * some are not valid.
 *
 * @param run name of the run, or the path of its folder.
 */
export async function planCheck(named: string | undefined, run: string, json: boolean): Promise<number> {
  const folder = isAbsolute(run) ? run : join(checkoutOf(named), "logs", run);
  if (!existsSync(folder)) {
    throw new Problem(
      `there is no run ${run} (no ${folder}); want the name of one, or the path of its folder`,
    );
  }
  const read = readRun(folder, run.split("/").at(-1) ?? run);
  const verdicts = read.pairs.map(judge);
  process.stdout.write(
    json ? `${JSON.stringify({ run: read.name, pairs: verdicts }, null, 2)}\n` : show(read, verdicts),
  );
  return isWhole(read, verdicts) ? 0 : 1;
}

function checkoutOf(named: string | undefined): string {
  const configuration = readConfiguration(projectDir, named ?? defaultStack(projectDir));
  return resolve(projectDir, String(configuration.cooperbenchDir));
}

function isWhole(run: Run, verdicts: readonly Verdict[]): boolean {
  return verdicts.every(({ kind }) => kind === "valid") && missingOf(run) === 0 && verdicts.length > 0;
}

/** Pairs that the run was to do, and has nothing of. A run says how many it was to do for one setting. */
function missingOf({ wanted, pairs }: Run): number {
  return wanted === undefined ? 0 : Math.max(0, wanted - pairs.length);
}

function show(run: Run, verdicts: readonly Verdict[]): string {
  const bad = verdicts.filter(({ kind }) => kind !== "valid");
  const rows = bad.map(({ pair, kind, reasons }) => [kind.toUpperCase(), pairName(pair), reasons.join("; ")]);
  const remedies = [...new Set(bad.flatMap(({ remedies }) => remedies))];
  const missing = missingOf(run);
  const passed = verdicts.filter(({ kind, pair }) => kind === "valid" && pair.evaluation?.passed).length;
  const evaluated = verdicts.filter(
    ({ kind, pair }) => kind === "valid" && pair.evaluation !== undefined,
  ).length;
  const lines = [
    ...table(rows),
    ...remedies.map((remedy) => `to mend it: ${remedy}`),
    ...commands(run, bad),
    ...(missing === 0
      ? []
      : [`${missing} of ${run.wanted} pairs have no result: give the run's command again, which goes on`]),
    `${run.name}: ${verdicts.length - bad.length} of ${verdicts.length} results are the model's, ${passed} of ${evaluated} evaluated ones passed`,
  ];
  return `${lines.join("\n")}\n`;
}

function pairName({ setting, repo, taskId, features }: PairResult): string {
  return `${setting} ${repo}/${taskId} ${features.join(",")}`;
}

/** What does each of the pairs again that are not valid, in the checkout. */
function commands(run: Run, bad: readonly Verdict[]): readonly string[] {
  const model = run.model === "" ? "" : ` -m ${run.model}`;
  return bad.map(({ pair: { setting, repo, taskId, features }, kind }) => {
    const which = `-n ${run.name} -r ${repo} -t ${taskId} -f ${features.join(",")} --force`;
    return kind === "evaluation"
      ? `again: .venv/bin/cooperbench eval ${which}`
      : `again: .venv/bin/cooperbench run ${which} --setting ${setting}${model}`;
  });
}
