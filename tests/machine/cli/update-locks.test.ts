import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { assertNoneRuns } from "../../../cli/cut-off.ts";
import { forgetGoneRuns, recordedRuns, recordRun, runVariable } from "../../../cli/recorded-runs.ts";
import { type StateFiles, stateFiles } from "../../../cli/state-files.ts";
import { lockFinding } from "../../../cli/update-findings.ts";
import { removeLock, settledLocks, updateLocks } from "../../../cli/update-locks.ts";
import { type Place, placeHere, startOf } from "../../../lib/process-id.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
let env: NodeJS.ProcessEnv;
let files: StateFiles;
beforeEach(() => {
  folder = temporaryFolder("locks-");
  env = { XDG_DATA_HOME: folder, PULUMI_CREDENTIALS_PATH: join(folder, "credentials") };
  files = stateFiles({ stack: "lab-1", projectDir: folder, env }) as StateFiles;
  mkdirSync(files.locks, { recursive: true });
});

/** Runs a program that records itself, and gives its number. */
function ran(stack = "lab-1"): number {
  const { file, args } = recordRun(stack, "sh", ["-c", "echo $$"], env);
  const { stdout, status } = spawnSync(file, args, { encoding: "utf8" });
  expect(status).toBe(0);
  return Number(stdout);
}

/** A lock as Pulumi writes it. */
function lock(pid: number, more: Record<string, unknown> = {}): string {
  const file = join(files.locks, `${pid}.json`);
  const timestamp = "2026-01-02T03:04:05.678Z";
  writeFileSync(file, JSON.stringify({ pid, username: "u", hostname: hostname(), timestamp, ...more }));
  writeFileSync(`${file}.attrs`, "{}");
  return file;
}

const locks = () => updateLocks(files, () => recordedRuns(env));
const kinds = () => locks().map(({ kind }) => kind);

test("a program that is started is recorded by its own number and start, for its owner alone", () => {
  const {
    file,
    args,
    env: variables,
  } = recordRun("lab-1", "sh", ["-c", "echo $$; cat /proc/$$/stat; umask"], env);
  const { stdout } = spawnSync(file, args, { encoding: "utf8", env: { ...process.env, ...variables } });
  const [pid, stat = "", umask] = stdout.trim().split("\n");
  const [run] = recordedRuns(env);
  expect(run).toMatchObject({
    ...(placeHere() as Place),
    pid: Number(pid),
    host: hostname(),
    stack: "lab-1",
  });
  expect(stat.split(" ")[21]).toBe(run?.start);
  expect(variables).toEqual({ [runVariable]: run?.run });
  expect(statSync(run?.file ?? "").mode & 0o777).toBe(0o600);
  // What Pulumi makes has the user's own modes.
  expect(umask).toBe(spawnSync("sh", ["-c", "umask"], { encoding: "utf8" }).stdout.trim());
});

test("a program starts all the same where it cannot be recorded", () => {
  const closed = { ...env, XDG_DATA_HOME: join(folder, "file", "x") };
  writeFileSync(join(folder, "file"), "");
  for (const recorder of [recordRun("s", "echo", ["a b"], closed), recordRun("s", "echo", ["a b"], env)]) {
    if (recorder.file === "/bin/sh") rmSync(join(folder, "cooperbench-machine", "runs"), { recursive: true });
    const { stdout, stderr, status } = spawnSync(recorder.file, recorder.args, { encoding: "utf8" });
    expect([stdout, stderr, status]).toEqual(["a b\n", "", 0]);
  }
  expect(recordRun("s", "echo", ["a"], env, null)).toMatchObject({ file: "echo", args: ["a"], env: {} });
});

test("a lock is that of a gone update only where ./machine has recorded the process", () => {
  lock(ran());
  expect(kinds()).toEqual(["gone"]);
  forgetGoneRuns("lab-2", env);
  expect(kinds()).toEqual(["gone"]);
  forgetGoneRuns("lab-1", env);
  expect(kinds()).toEqual(["unknown"]);
});

test("the lock of a process that runs, of another machine's, and of none that is known, stay", () => {
  const record = (pid: number, more: Record<string, unknown>) =>
    writeFileSync(
      join(folder, "cooperbench-machine", "runs", `${pid}.json`),
      `${JSON.stringify({ run: "r", stack: "lab-1", host: hostname(), ...placeHere(), ...more })}\n${pid} (sh) S${" 0".repeat(18)} ${startOf(pid) ?? "1"}\n`,
    );
  mkdirSync(join(folder, "cooperbench-machine", "runs"));
  record(process.pid, {});
  lock(process.pid);
  expect(kinds()).toEqual(["running"]);
  const place = { stack: "lab-1", projectDir: folder, env };
  expect(() => assertNoneRuns(place)).toThrow(/^the update lock stays[\s\S]*an update is running since/);
  record(process.pid, { machine: "0".repeat(12) });
  expect(kinds()).toEqual(["unknown"]);
  expect(() => assertNoneRuns(place)).not.toThrow();
  record(process.pid, { namespace: "1" });
  expect(kinds()).toEqual(["unknown"]);
  lock(process.pid, { hostname: "another" });
  expect(kinds()).toEqual(["unknown"]);
});

test("a lock that was never written to its end is told apart from one that is being written", async () => {
  for (const [name, text] of [
    ["empty.json", ""],
    ["a.json.17.tmp", ""],
    ["half.json", '{"pid":12'],
  ] as const) {
    writeFileSync(join(files.locks, name), text);
    utimesSync(join(files.locks, name), 1, 1);
  }
  expect(kinds()).toEqual(["cut off", "cut off", "cut off"]);
  expect(await settledLocks(files, () => recordedRuns(env))).toHaveLength(3);
  for (const one of locks()) removeLock(one);
  const young = join(files.locks, "young.json");
  writeFileSync(young, "");
  setTimeout(() => lock(4711), 200);
  setTimeout(() => rmSync(young), 200);
  expect(await settledLocks(files, () => recordedRuns(env))).toMatchObject([{ holder: { pid: 4711 } }]);
});

test("a lock of a form that is not known is held by somebody, and not taken for one that is cut off", () => {
  for (const [name, text] of [
    ["a.json", '{"owner":"later version"}'],
    ["b.json", "owner: later version"],
  ] as const)
    writeFileSync(join(files.locks, name), text);
  expect(kinds()).toEqual(["unknown", "unknown"]);
  const [one] = locks();
  expect(one && lockFinding("lab-1", one).found).toContain(`(${join(files.locks, "a.json")})`);
});

test("one lock is removed, with what is beside it, and no other", () => {
  const [first, second] = [lock(ran()), lock(4711)];
  const [one] = locks().filter(({ file }) => file === first);
  if (one) removeLock(one);
  expect(readdirSync(files.locks)).toEqual(["4711.json", "4711.json.attrs"]);
  expect(existsSync(second)).toBe(true);
});

test("who holds a lock is told, since when, and what helps", () => {
  lock(4711, { hostname: "another" });
  const [one] = locks();
  expect(one && lockFinding("lab-1", one)).toMatchObject({
    check: "update",
    level: "blocker",
    found:
      "an update holds the update lock since 2026-01-02T03:04:05Z (u@another, process 4711), and ./machine cannot see from here whether it still runs",
    remedy: "Fix: if it no longer runs:\n  ./machine pulumi cancel lab-1",
  });
});

test("what was cut off is called what it was, and goes on by the same command", () => {
  const { file, args } = recordRun("lab-1", "sh", ["-c", "echo $$"], env);
  const told = args.map((arg) => arg.replace('"command":"echo $$"', '"command":"destroy"'));
  lock(Number(spawnSync(file, told, { encoding: "utf8" }).stdout));
  expect(locks().map((one) => lockFinding("lab-1", one))).toMatchObject([
    {
      found: expect.stringMatching(/^the destroy of 2026-01-02T03:04:05Z was cut off/),
      remedies: [{ command: ["./machine", "destroy", "lab-1"] }],
    },
  ]);
});
