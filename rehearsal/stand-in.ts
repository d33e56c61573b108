import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TreeFile } from "./git-history.ts";
import { combine, newFilePatch, replacementPatch } from "./patches.ts";
import type { Task } from "./tasks.ts";

/** The program that the tests run; every feature is one function of it. */
const PROGRAM = "commands.sh";

/** What stands for a task's repository: a program without its features, and the tests it passes. */
export function repositoryFiles(task: Task): TreeFile[] {
  return [
    text("README.md", [`A stand-in for the repository of ${title(task)}.`]),
    text(PROGRAM, program(task)),
    text("tests/run.sh", [
      "#!/bin/sh",
      "# Runs every test from the repository's root, and fails when one does. CooperBench counts by the last line.",
      "passed=0",
      "failed=0",
      "for test in tests/*.test.sh; do",
      '  if sh "$test"; then',
      '    echo "passed: $test"',
      "    passed=$((passed + 1))",
      "  else",
      '    echo "failed: $test"',
      "    failed=$((failed + 1))",
      "  fi",
      "done",
      'echo "$passed passed, $failed failed"',
      '[ "$failed" -eq 0 ]',
    ]),
    text("tests/name.test.sh", expectation("name", title(task))),
  ];
}

/** The runner, the same in every image and in the dataset. */
export function runner(): Buffer {
  return readFileSync(fileURLToPath(new URL("runner.sh", import.meta.url)));
}

/** What the dataset holds of a task: the layout of the real one, the text our own. */
export function datasetFiles(task: Task): TreeFile[] {
  const numbers = Array.from({ length: task.features }, (_, index) => index + 1);
  const folder = `dataset/${task.repo}/task${task.taskId}`;
  const features = numbers.flatMap((number) => [
    text(`${folder}/feature${number}/feature.md`, [
      `**Title**: The command \`feature${number}\` of ${title(task)}`,
      "",
      `\`sh ${PROGRAM} feature${number}\` shall print \`${answer(task, number)}\` and end with 0.`,
    ]),
    text(`${folder}/feature${number}/feature.patch`, featurePatch(task, number)),
    text(
      `${folder}/feature${number}/tests.patch`,
      newFilePatch(`tests/feature${number}.test.sh`, expectation(`feature${number}`, answer(task, number))),
    ),
  ]);
  return [
    { path: `${folder}/runner.sh`, mode: 0o755, bytes: runner() },
    text(`${folder}/combined.patch`, combine(numbers.map((number) => featurePatch(task, number)))),
    ...features,
  ];
}

/** `go chi task 26` */
function title(task: Task): string {
  return `${task.repo.replace(/_task$/, "").replaceAll("_", " ")} task ${task.taskId}`;
}

function answer(task: Task, number: number): string {
  return `feature ${number} of ${title(task)}`;
}

function program(task: Task): string[] {
  const functions = Array.from({ length: task.features }, (_, index) => [
    `# Feature ${index + 1}`,
    `# Usage: sh ${PROGRAM} feature${index + 1}`,
    "# Prints one line.",
    `feature${index + 1}() {`,
    ...unwritten(task, index + 1),
    "}",
    "",
  ]);
  return ["#!/bin/sh", "", "name() {", `  echo '${title(task)}'`, "}", "", ...functions.flat(), '"$@"'];
}

/** Names the task, so that no other's patch applies. */
function unwritten(task: Task, number: number): string[] {
  return [`  echo '${answer(task, number)} is not written' >&2`, "  return 1"];
}

function featurePatch(task: Task, number: number): string[] {
  return replacementPatch(PROGRAM, program(task), unwritten(task, number), [
    `  echo '${answer(task, number)}'`,
  ]);
}

/** A test: the command prints exactly this. */
function expectation(command: string, line: string): string[] {
  return ["#!/bin/sh", `[ "$(sh ${PROGRAM} ${command})" = '${line}' ]`];
}

function text(path: string, lines: readonly string[]): TreeFile {
  return { path, mode: 0o644, bytes: Buffer.from(`${lines.join("\n")}\n`) };
}
