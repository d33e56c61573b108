import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { operate } from "../../../cli/operation.ts";
import type { Opened } from "../../../cli/session.ts";
import { recordedOutput } from "../../caller.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { recordedText, tasksOf } from "../../unit/cli/recorded-events.ts";

const tasks = tasksOf("pillow_task", "go_chi_task");
const shown = { tasks, missing: tasks, off: [] };

/** A stack whose Pulumi writes a recording, says some words, and goes on as it is told. */
function stackWith(events: string, rest: string) {
  const projectDir = temporaryFolder("operation-");
  const recording = join(projectDir, "recording");
  writeFileSync(recording, events);
  const file = join(projectDir, "pulumi");
  // Its second argument is --event-log, of ours; the file of that name comes in two pieces.
  const script = `#!/bin/sh
[ "$2" = --event-log ] || exit 9
head -c 5001 ${recording} > "$3"; sleep 0.3; tail -c +5002 ${recording} >> "$3"
echo "Pulumi's own words: $*"; echo "and its errors" >&2
${rest}`;
  writeFileSync(file, script, { mode: 0o755 });
  mkdirSync(join(projectDir, "data"));
  const env = { XDG_DATA_HOME: join(projectDir, "data"), PATH: process.env.PATH };
  const { output, printed, noted } = recordedOutput();
  const configuration = { stackId: "6f1c8f0e-1111-4222-8333-444455556666", cooperbenchDir: "checkout" };
  const of = { stack: "mine", projectDir, configuration, isRehearsal: true, env, output };
  const opened = { ...of, pulumi: { file, projectDir, env } } as unknown as Opened;
  return { opened, printed, noted, projectDir };
}

test("an operation is told by its events, and Pulumi's words are in its log alone", async () => {
  const { opened, printed, noted } = stackWith(recordedText("failing-images"), "exit 1");
  const { code, course, log, said, isTold, isInterrupted } = await operate(opened, "up", {
    ...{ ...shown, args: ["--yes"], options: ["--target", "x"] },
  });
  expect([code, course.result, isTold, isInterrupted]).toEqual([1, "failed", true, false]);
  expect(said).toBe("and its errors");
  const text = printed() + noted();
  expect(text).toContain("go_chi_task/26: pulled and verified (2.9 MB)\n");
  expect(text).not.toMatch(/words|errors/);
  expect(readFileSync(log as string, "utf8")).toMatch(
    /^Pulumi's own words: up .* --yes --target x\nand its errors\n$/m,
  );
});

test("its events may be cut off: then its exit code is all that is known", async () => {
  const { opened } = stackWith(recordedText("nothing-changed").slice(0, 9000), "exit 0");
  const { code, course } = await operate(opened, "up", { ...shown, args: [], options: [] });
  expect([code, course.hasBegun, course.result]).toEqual([0, true, undefined]);
});

test("with --diff Pulumi's text is shown, and it is still in the log", async () => {
  const { opened, printed, noted } = stackWith(recordedText("failing-images"), "exit 1");
  const { log } = await operate(opened, "up", { ...shown, args: [], options: ["--diff"] });
  expect(printed()).toMatch(/^Pulumi's own words: .*\n$/);
  expect(noted()).toBe("and its errors\n");
  expect(readFileSync(log as string, "utf8")).toContain("own words");
});

test("for a program its words are on standard error", async () => {
  const { opened, printed, noted } = stackWith(recordedText("failing-images"), "exit 1");
  await operate(opened, "up", { ...shown, args: [], options: [], isForProgram: true });
  expect(printed()).toBe("");
  expect(noted()).toContain(".env: written\n");
});

test("the user's own event log is a copy, whatever was in the file", async () => {
  const { opened, projectDir } = stackWith(recordedText("failing-images"), "exit 1");
  const own = join(projectDir, "own.json");
  writeFileSync(own, recordedText("destroy"));
  const { course } = await operate(opened, "up", { ...shown, args: [], options: [`--event-log=${own}`] });
  expect(course.failed.size).toBe(3);
  expect(readFileSync(own, "utf8")).toBe(recordedText("failing-images"));
});

test("a signal is passed on, and the operation is known as interrupted", async () => {
  const { opened, projectDir } = stackWith(
    recordedText("interrupted"),
    'trap "exit 3" INT; touch began; while :; do sleep 0.05; done',
  );
  const ended = operate(opened, "up", { ...shown, args: [], options: [] });
  await expect.poll(() => existsSync(join(projectDir, "began")), { timeout: 20_000 }).toBe(true);
  process.emit("SIGINT", "SIGINT");
  expect(await ended).toMatchObject({ code: 3, isInterrupted: true });
  expect(readdirSync(projectDir)).not.toContain("events.json");
});
