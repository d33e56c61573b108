import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTasks, type Task, taskName } from "../../../benchmark/tasks.ts";
import type { ChosenTasks, Features } from "../../../cli/commands.ts";
import { choose, subjectsOf } from "../../../cli/oracle.ts";
import {
  isPassed,
  type OracleResult,
  oracleCount,
  oracleJunit,
  oracleTable,
} from "../../../cli/oracle-report.ts";
import { unrun } from "../../../provision/steps/oracle.ts";

describe("the tasks that are chosen", () => {
  const tasks = readTasks().filter(({ subsets }) => subsets.includes("lite"));
  const chosen = (wanted: ChosenTasks) => choose(tasks, wanted).map(taskName);

  test("are all, or some of as many repositories as can be", () => {
    expect(chosen("all")).toHaveLength(26);
    expect(new Set(choose(tasks, 5).map(({ repo }) => repo)).size).toBe(5);
  });

  test("are those of the names, of a task or of a repository", () =>
    expect(chosen(["dspy_task/8394", "go_chi_task"])).toEqual([
      "dspy_task/8394",
      "go_chi_task/26",
      "go_chi_task/27",
      "go_chi_task/56",
    ]));

  test("are a fault where the stack has none of that name", () =>
    expect(() => chosen(["go_chi_task", "dspy_task/8934"])).toThrow(
      /^the stack has no task dspy_task\/8934 \(did you mean dspy_task\/8394\?\)\nFix: name tasks or repositories of the stack: /,
    ));
});

describe("the features that are chosen", () => {
  const [one, two, three] = readTasks() as readonly [Task, Task, Task];
  let checkout: string;
  beforeAll(() => {
    checkout = mkdtempSync(join(tmpdir(), "dataset-"));
    for (const number of [2, 10, 9])
      mkdirSync(join(checkout, "dataset", one.repo, `task${one.taskId}`, `feature${number}`), {
        recursive: true,
      });
    mkdirSync(join(checkout, "dataset", two.repo, `task${two.taskId}`, "feature1"), { recursive: true });
  });
  afterAll(() => rmSync(checkout, { recursive: true }));
  const chosen = (features: Features, tasks = [one, two]) =>
    subjectsOf(tasks, checkout, features).map(({ task, feature }) => [task.taskId, feature]);

  test("are the first of each task, which need not be number 1", () =>
    expect(chosen("first")).toEqual([
      [one.taskId, 2],
      [two.taskId, 1],
    ]));

  test("are all, in the order of their numbers", () =>
    expect(chosen("all")).toEqual([
      [one.taskId, 2],
      [one.taskId, 9],
      [one.taskId, 10],
      [two.taskId, 1],
    ]));

  test("are those numbers that a task has", () =>
    expect(chosen([10, 1])).toEqual([
      [one.taskId, 10],
      [two.taskId, 1],
    ]));

  test("have a task that the dataset lacks among them, which then fails", () =>
    expect(chosen([7, 9], [one, three])).toEqual([
      [one.taskId, 9],
      [three.taskId, 1],
    ]));

  test("are a fault where there are none", () =>
    expect(() => chosen([99], [one])).toThrow(
      /^none of .* has a feature 99\nFix: give --features gold, all, or/,
    ));
});

describe("the report of the oracle", () => {
  const good: OracleResult = {
    task: "go_chi_task/26",
    reference: "a/b:task26",
    feature: 1,
    ok: true,
    digest: `a/b@sha256:${"d".repeat(64)}`,
    checks: {
      ...{ gold: { seconds: 16.04 }, control: { seconds: 2 } },
      ...{ merge: { seconds: 0 }, runner: { seconds: 0 } },
    },
  };
  const bad: OracleResult = {
    ...good,
    task: "dspy_task/8394",
    ok: false,
    checks: {
      gold: { seconds: 3 },
      control: { seconds: 1, problem: 'a/b failed its oracle: it "passes" & <so>\nno more' },
      merge: { seconds: 0, problem: "no merge" },
      runner: { seconds: 0, note: "another runner" },
    },
  };
  const missing: OracleResult = {
    task: "pillow_task/25",
    reference: "a/b:task25",
    feature: 1,
    ok: false,
    checks: unrun({ found: "not there", remedies: { advice: "pull it" } }),
  };

  test("is a table, the problems, and the counts", () => {
    expect(oracleTable([good, bad, missing]).split("\n")).toEqual([
      "        task            feature  merge  gold           control       runner     digest",
      "ok      go_chi_task/26  1        clean  passed 16.0 s  failed 2.0 s  dataset's  sha256:dddddddddddd",
      "FAILED  dspy_task/8394  1        WRONG  passed 3.0 s   WRONG 1.0 s   differs    sha256:dddddddddddd",
      "FAILED  pillow_task/25  1        -      WRONG 0.0 s    -             -",
      'failed: a/b failed its oracle: it "passes" & <so>',
      "no more",
      "failed: no merge",
      "failed: not there",
      "Fix: pull it",
      "note: a/b:task26: another runner",
      "",
    ]);
    expect(oracleCount([good, bad, missing], 21.26)).toBe(
      "1/3 passed: the gold patch passes its tests, which fail without it (21.3 s)",
    );
  });

  test("passes only what was looked at and is not wrong", () => {
    expect([good, bad, missing].map(({ checks }) => isPassed(checks))).toEqual([true, false, false]);
  });

  test("is JUnit's XML with a case for each check", () => {
    const lines = oracleJunit("lab-1", [good, bad, missing]).split("\n");
    expect(lines.filter((line) => line.startsWith("    <testcase "))).toHaveLength(12);
    expect(lines[2]).toBe(
      '  <testsuite name="oracle lab-1" tests="12" failures="3" errors="0" skipped="3" time="22.040">',
    );
    expect(lines[3]).toBe('    <testcase classname="go_chi_task/26" name="feature 1: gold" time="16.040"/>');
    expect(lines[8]).toBe(
      '    <testcase classname="dspy_task/8394" name="feature 1: control" time="1.000"><failure message="a/b failed its oracle: it &quot;passes&quot; &amp; &lt;so&gt;">a/b failed its oracle: it &quot;passes&quot; &amp; &lt;so&gt;',
    );
  });
});
