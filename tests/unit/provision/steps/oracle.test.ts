import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { memoryLimitBytes, oraclesAtOnce } from "../../../../benchmark/capacity.ts";
import { controlFault, goldFault, unended } from "../../../../provision/steps/oracle.ts";
import { type Ended, lastLinesOf } from "../../../../provision/steps/oracle-container.ts";
import { assertDataset, datasetHash, featuresOf } from "../../../../provision/steps/task-dataset.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

const oracle = {
  dockerHost: "unix:///nowhere.sock",
  image: "a/b:task1",
  folder: "/srv/CooperBench/dataset/b_task/task1",
  feature: 3,
  container: "c",
  stack: "lab-1",
  timeoutSeconds: 600,
  memoryBytes: 1,
};
const ended = (code: number | undefined, more: Partial<Ended> = {}): Ended => ({
  code,
  outOfMemory: false,
  seconds: 1,
  lastLines: "the end",
  ...more,
});

describe("how a runner ended", () => {
  test.each([
    [ended(undefined), /did not end within 600 s and was removed; .*raise smokeTimeoutSeconds/],
    [ended(137, { outOfMemory: true }), /was out of memory \(exit code 137\); use a machine with more/],
    [ended(137), /was killed by signal 9; run it again/],
    [ended(126), /could not run a program \(exit code 126\).*docker rmi/],
    [ended(127), /could not run a program \(exit code 127\)/],
    [ended(125), /could not run a program \(exit code 125\)/],
  ])("without a word on the tests is a failure of gold and control: %j", (how, message) => {
    expect(unended(oracle, how)).toMatch(message);
    expect(unended(oracle, how)).toMatch(/feature 3 [\s\S]*\nIts last lines:\nthe end$/);
  });

  test.each([0, 1, 2, 124, 128])("with %d is a word on the tests", (code) =>
    expect(unended(oracle, ended(code))).toBeUndefined(),
  );

  test("with 0 is what gold wants", () => {
    expect(goldFault(oracle, ended(0))).toBeUndefined();
    expect(goldFault(oracle, ended(2, { lastLines: "" }))).toMatch(
      /the runner ended with 2, want 0; .*git -C \/srv\/CooperBench checkout HEAD -- dataset\/b_task\/task1, or .*docker rmi a\/b:task1.*\nIt printed nothing\.$/,
    );
  });

  test("with anything else is what the control wants", () => {
    expect(controlFault(oracle, ended(1))).toBeUndefined();
    expect(controlFault(oracle, ended(0))).toMatch(/pass without the gold patch, so that they prove nothing/);
  });
});

test("of what a container has printed the last lines are told, in a few kB, without control characters", () => {
  const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`).join("\n");
  expect(lastLinesOf(lines, "").split("\n")).toEqual(lines.split("\n").slice(-20));
  expect(lastLinesOf("x".repeat(9000), "y".repeat(9000)).length).toBeLessThan(4100);
  expect(lastLinesOf("\u001b[31mred\u001b[0m\r\n", "\u0007bell\u0000")).toBe("red\nbell");
  expect(lastLinesOf("", "\n")).toBe("");
});

const gib = 2 ** 30;
test.each([
  [{ cpus: 16, memoryBytes: 64 * gib }, 16, 32],
  [{ cpus: 16, memoryBytes: 9 * gib }, 4, 4.5],
  [{ cpus: 2, memoryBytes: 24 * gib }, 2, 12],
  [{ cpus: 8, memoryBytes: gib }, 1, 2],
])("an engine with %j runs %d at once, with at most %d GiB each", (capacity, atOnce, limit) => {
  expect(oraclesAtOnce(capacity)).toBe(atOnce);
  expect(memoryLimitBytes(capacity)).toBe(limit * gib);
});

describe("a task's dataset", () => {
  let folder: string;
  const write = (path: string, text: string) => writeFileSync(join(folder, path), text);
  beforeEach(() => {
    folder = temporaryFolder("task-");
    for (const number of [10, 2]) {
      mkdirSync(join(folder, `feature${number}`));
      write(`feature${number}/feature.patch`, `gold ${number}`);
      write(`feature${number}/tests.patch`, `tests ${number}`);
    }
    write("runner.sh", "run");
    write("combined.patch", "all");
  });

  test("has its features by number", () => {
    expect(featuresOf(folder)).toEqual([2, 10]);
    expect(featuresOf(join(folder, "nowhere"))).toEqual([]);
  });

  test.each(["runner.sh", "feature2/feature.patch", "feature2/tests.patch"])(
    "has another hash when %s is another, or is gone",
    (path) => {
      const before = datasetHash(folder);
      write(path, "another");
      const after = datasetHash(folder);
      rmSync(join(folder, path));
      expect(new Set([before, after, datasetHash(folder)]).size).toBe(3);
      expect(() => assertDataset(folder, 2)).toThrow(`the dataset has no ${join(folder, path)}; restore it:`);
    },
  );

  test("keeps its hash when what the oracle does not run is another", () => {
    const before = datasetHash(folder);
    write("combined.patch", "another");
    write("feature10/tests.patch", "another");
    expect(datasetHash(folder)).toBe(before);
  });
});
