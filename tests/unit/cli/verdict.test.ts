import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { exitCodeLines, exitCodes } from "../../../cli/exit-codes.ts";
import { codeOf, conclude, readiness, type Verdict, verdictJson } from "../../../cli/verdict.ts";
import { machine } from "../../../lib/remedy.ts";
import { recordedOutput } from "../../caller.ts";

const verdict = (outcome: Verdict["outcome"]): Verdict => ({
  outcome,
  text: "3/3 images verified",
  next: machine("plan", "lab"),
});

test("a verdict is one line, then the command that comes next", () => {
  const { output, printed } = recordedOutput();
  expect(conclude(output, verdict("ready"))).toBe(0);
  expect(printed()).toBe("Ready: 3/3 images verified\nNext: ./machine plan lab\n");
});

test("at a terminal the word alone is in colour", () => {
  const { output, printed } = recordedOutput({ isTTY: true });
  conclude(output, verdict("notReady"));
  expect(printed()).toBe("\u001b[31mNot ready\u001b[39m: 3/3 images verified\nNext: ./machine plan lab\n");
});

test.each([
  ["ready", 0],
  ["rehearsed", 0],
  ["done", 0],
  ["provisioned", 0],
  ["notReady", 1],
  ["failed", 1],
  ["differs", 7],
  ["unchanged", 1],
  ["interrupted", 130],
] as const)("%s gives exit code %i, in its JSON too", (outcome, code) => {
  expect(codeOf({ outcome })).toBe(code);
  expect(verdictJson(verdict(outcome))).toMatchObject({
    outcome,
    exitCode: code,
    next: "./machine plan lab",
  });
});

test("a rehearsal is never called ready without that word", () => {
  expect([readiness(true, true), readiness(true, false), readiness(false, true)]).toEqual([
    "rehearsed",
    "ready",
    "notReady",
  ]);
});

test("the codes that scripts rely on stay", () => {
  expect(exitCodes).toEqual({
    done: 0,
    failed: 1,
    notReady: 1,
    differs: 7,
    notUnderstood: 2,
    interrupted: 130,
  });
});

test("each exit code is listed once, in rising order", () => {
  const listed = exitCodeLines.flatMap((line) => /^\d+/.exec(line) ?? []).map(Number);
  expect(listed).toEqual([...new Set(Object.values(exitCodes))].toSorted((one, other) => one - other));
});

test("help and docs have the table of exit codes", () => {
  const root = resolve(import.meta.dirname, "../../..");
  const read = (...path: string[]) => readFileSync(join(root, ...path), "utf8");
  expect(read("docs", "output.md")).toContain(`\n${exitCodeLines.join("\n")}\n`);
  expect(read("cli", "help", "machine.txt")).toContain(`\n  ${exitCodeLines.join("\n  ")}\n`);
});
