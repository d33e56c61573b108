import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gitBlobId } from "../../../../lib/digest.ts";
import { type Fault, remedyText } from "../../../../lib/remedy.ts";
import type { TestRun } from "../../../../provision/steps/evaluation.ts";
import {
  againFault,
  controlFault,
  goldFault,
  mergeFault,
  runnerNote,
  unevaluated,
} from "../../../../provision/steps/oracle-faults.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

const subject = {
  image: "a/b:task1",
  folder: "/srv/CooperBench/dataset/b_task/task1",
  feature: 3,
  container: "c",
};
const limits = { timeoutSeconds: 600, memoryBytes: 2 ** 31, dockerHost: "unix:///var/run/docker.sock" };
/** As a user reads it. */
const text = (fault: Fault | undefined) => fault && `${fault.found}\n${remedyText(fault.remedies)}`;
const ended = (code: number, more: Partial<TestRun> = {}): TestRun => ({
  ...{ passed: false, code, testsPassed: 0, testsFailed: 0, timedOut: false, outOfMemory: false },
  ...{ seconds: 1, output: "the end", ...more },
});
const passed = ended(0, { passed: true, testsPassed: 2 });

describe("how a run ended", () => {
  test.each([
    [
      ended(-1, { timedOut: true }),
      /did not end within 600 s and was ended[\s\S]*CooperBench gives [\s\S]* no more time/,
    ],
    [
      ended(137, { outOfMemory: true }),
      /was out of memory \(exit code 137, limit 2\.0 GiB\)[\s\S]*use a machine/,
    ],
    [ended(137), /was killed \(exit code 137\), probably because memory ran out[\s\S]*run it again/],
    [ended(126), /could not run a program \(exit code 126\)[\s\S]*docker rmi/],
    [ended(127), /could not run a program \(exit code 127\)/],
    [ended(125), /could not run a program \(exit code 125\)/],
  ])("without a word on the tests is a failure of gold and control: %j", (how, message) => {
    for (const fault of [goldFault(subject, how, limits), controlFault(subject, how, limits)]) {
      expect(text(fault)).toMatch(message);
      expect(fault?.found).toMatch(/feature 3 [\s\S]*\nIts last lines:\nthe end$/);
    }
  });

  test("at a limit of the user's own names the setting", () =>
    expect(
      text(goldFault(subject, ended(-1, { timedOut: true }), { ...limits, timeoutSeconds: 60 })),
    ).toMatch(/within 60 s [\s\S]*set STACK oracleTimeoutSeconds/));

  test.each([1, 2, 101, 124, 128, 139])("with %d is a control, whatever it has printed", (code) =>
    expect(controlFault(subject, ended(code), limits)).toBeUndefined(),
  );

  test("in a container that has tested before is as one in a new container, and says so", () => {
    expect(againFault(subject, undefined, limits)).toBeUndefined();
    expect(againFault(subject, passed, limits)).toBeUndefined();
    expect(againFault(subject, ended(1), limits)?.found).toMatch(
      /already run tests.*feature 3 does not pass/,
    );
  });

  test("as CooperBench counts it is what gold wants, and the control does not", () => {
    expect(goldFault(subject, passed, limits)).toBeUndefined();
    expect(controlFault(subject, passed, limits)?.found).toMatch(
      /pass without the gold patch, so they prove nothing/,
    );
  });

  test("with 0 and without a count is none that CooperBench counts, of either", () => {
    expect(goldFault(subject, ended(0), limits)?.found).toMatch(
      /CooperBench counts the gold patch of feature 3 as failed: the runner ended with 0 but printed no count/,
    );
    expect(controlFault(subject, ended(0), limits)).toBeUndefined();
  });

  test("with a failure of the gold patch's tests tells what helps, and nothing where nothing was printed", () =>
    expect(text(goldFault(subject, ended(2, { output: "" }), limits))).toMatch(
      /the runner ended with 2\nIt printed nothing\.\nFix: [\s\S]*git -C \/srv\/CooperBench checkout HEAD -- dataset\/b_task\/task1\n[\s\S]*docker rmi a\/b:task1$/,
    ));
});

test("of what was printed the last lines are told, in a few kB, without control characters", () => {
  const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
  const told = (output: string) =>
    goldFault(subject, ended(1, { output }), limits)?.found.split("Its last lines:\n")[1];
  expect(told(lines.join("\n"))?.split("\n")).toEqual(lines.slice(-20));
  expect(told("x".repeat(9000))?.length).toBe(2000);
  expect(told("\u001b[31mred\u001b[0m\r\n\u0007bell\u0000")).toBe("red\nbell");
});

test("a merge that fails is told with what was printed, and one that does not is not", () => {
  expect(mergeFault(subject, null, limits)).toBeUndefined();
  expect(mergeFault(subject, "error: no", limits)?.found).toMatch(
    /does not survive the merge of branches.*\nIts last lines:\nerror: no$/,
  );
});

test("a runner is the dataset's by the id that git gives it", () => {
  const folder = temporaryFolder("task-");
  const bytes = Buffer.from("#!/bin/sh\nexit 0\n");
  writeFileSync(join(folder, "runner.sh"), bytes);
  // git hash-object --stdin
  expect(gitBlobId(bytes)).toBe("039e4d0069c5c26909f86c505b9de66182e6d1f3");
  expect(runnerNote({ folder }, gitBlobId(bytes))).toBeUndefined();
  for (const other of [null, "1".repeat(40)])
    expect(runnerNote({ folder }, other)).toMatch(/its runner\.sh is not the dataset's \(.*runner\.sh\)/);
});

test("what could not be evaluated is told in CooperBench's words, and what runs elsewhere by its cause", () => {
  expect(text(unevaluated(subject, { error: "RuntimeError: Failed to write solo.patch: " }, limits))).toMatch(
    /^CooperBench cannot evaluate in it: RuntimeError: Failed to write solo\.patch:\n[\s\S]*docker rmi/,
  );
  expect(unevaluated(subject, { error: "elsewhere" }, limits).found).toMatch(
    /runs on the machine outside it, .*chroot/,
  );
});

test("the image is not blamed for a patch that cannot be handed over, nor for an evaluation that was killed", () => {
  const folder = temporaryFolder("task-");
  mkdirSync(join(folder, "feature3"));
  const gold = join(folder, "feature3", "feature.patch");
  writeFileSync(gold, "x".repeat(98_305));
  const large = unevaluated(
    { ...subject, folder },
    { error: "RuntimeError: Failed to write patch1.patch: " },
    limits,
  );
  expect(text(large)).toContain(
    `${gold} is larger than CooperBench can write into a container (96 KiB)\nFix: git`,
  );
  writeFileSync(gold, "x".repeat(98_304));
  expect(text(unevaluated({ ...subject, folder }, { error: "RuntimeError: x" }, limits))).toContain(
    "docker rmi",
  );
  expect(text(unevaluated(subject, { error: "UnicodeDecodeError: 'utf-8' codec" }, limits))).toMatch(
    /not UTF-8\nFix: git /,
  );
  expect(
    text(unevaluated(subject, { lost: "its evaluation was ended by SIGKILL without a message: " }, limits)),
  ).toBe("its evaluation was ended by SIGKILL without a message:\nFix: run it again");
});
