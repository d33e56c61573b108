import { remedyText } from "../lib/remedy.ts";
import { type Check, type CheckKind, checkKinds, type OracleReport } from "../provision/steps/oracle.ts";
import { type JunitCase, junitXml } from "./junit.ts";
import { table } from "./table.ts";

/** What became of one feature of one task. */
export interface OracleResult extends Partial<Omit<OracleReport, "image" | "feature" | "checks">> {
  /** Name of the task, as in a `tasks` setting. */
  readonly task: string;
  /** Image reference, `repository:tag`. */
  readonly reference: string;
  readonly feature: number;
  /** Whether no check has found a fault, and none was left out. */
  readonly ok: boolean;
  readonly checks: Readonly<Record<CheckKind, Check>>;
}

/** Whether every check was made and found nothing. */
export function isPassed(checks: OracleResult["checks"]): boolean {
  return checkKinds.every((kind) => checks[kind].problem === undefined && checks[kind].skipped === undefined);
}

/** How many have passed, in one line. */
export function oracleCount(results: readonly OracleResult[], seconds: number): string {
  const passed = results.filter(({ ok }) => ok).length;
  return `${passed}/${results.length} passed: the gold patch passes its tests, which fail without it (${seconds.toFixed(1)} s)`;
}

/** The results as a table, with every problem below it. */
export function oracleTable(results: readonly OracleResult[]): string {
  const rows = results.map(({ ok, task, feature, checks, digest = "" }) => [
    ok ? "ok" : "FAILED",
    task,
    String(feature),
    checks.merge.skipped ? "-" : checks.merge.problem ? "WRONG" : "clean",
    cell(checks.gold, "passed"),
    cell(checks.control, checks.control.note === undefined ? "failed" : "stopped"),
    checks.runner.skipped ? "-" : checks.runner.note ? "differs" : "dataset's",
    digest.slice(digest.indexOf("@") + 1).slice(0, 19),
  ]);
  const problems = results.flatMap(({ checks }) =>
    checkKinds.flatMap((kind) => {
      const problem = problemOf(checks[kind]);
      return problem === undefined ? [] : [`failed: ${problem}`];
    }),
  );
  const notes = results.flatMap(({ reference, checks: { runner } }) =>
    runner.note === undefined ? [] : [`note: ${reference}: ${runner.note}`],
  );
  const lines = [
    ...table([["", "task", "feature", "merge", "gold", "control", "runner", "digest"], ...rows]),
    ...problems,
    ...notes,
  ];
  return `${lines.join("\n")}\n`;
}

/** What is wrong, with what helps. */
function problemOf({ problem, remedies }: Check): string | undefined {
  return problem && (remedies === undefined ? problem : `${problem}\n${remedyText(remedies)}`);
}

function cell({ seconds, problem, skipped }: Check, good: string): string {
  if (skipped !== undefined) return "-";
  return `${problem === undefined ? good : "WRONG"} ${seconds.toFixed(1)} s`;
}

/** The results in JUnit's XML: a test for each check of each feature. */
export function oracleJunit(stack: string, results: readonly OracleResult[]): string {
  const cases = results.flatMap(({ task, feature, checks }) =>
    checkKinds.map((kind): JunitCase => {
      const { seconds, skipped } = checks[kind];
      const failure = problemOf(checks[kind]);
      return { classname: task, name: `feature ${feature}: ${kind}`, seconds, failure, skipped };
    }),
  );
  return junitXml(`oracle ${stack}`, cases);
}
