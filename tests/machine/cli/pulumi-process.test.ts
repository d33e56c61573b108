import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pulumiProcess } from "../../../cli/pulumi-process.ts";
import { recordedRuns } from "../../../cli/recorded-runs.ts";
import { type StateFiles, stateFiles } from "../../../cli/state-files.ts";
import { callerOf } from "../../caller.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("process-");
  vi.stubEnv("XDG_DATA_HOME", folder);
  vi.stubEnv("PULUMI_CREDENTIALS_PATH", join(folder, "credentials"));
  for (const name of ["PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN"]) vi.stubEnv(name, "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const pulumi = (file = "pulumi") => ({ file, projectDir: folder, env: process.env });

/** Starts what stands for Pulumi, which tells its number, and has it end. */
function start(args: readonly string[]) {
  const { file, args: started, env, ended } = pulumiProcess(pulumi("/bin/echo"), args);
  const { pid, stdout } = spawnSync(file, started, { encoding: "utf8", env });
  expect(stdout).toBe(`${args.join(" ")}\n`);
  return { pid, ended };
}

const backups = "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS";

test("Pulumi makes no backups that pile up, unless the user wants them", () => {
  vi.stubEnv(backups, undefined);
  expect(pulumiProcess(pulumi(), ["preview"]).env).toMatchObject({ [backups]: "true" });
  expect(pulumiProcess(pulumi(), ["up"]).env).toMatchObject({ [backups]: "true" });
  vi.stubEnv(backups, "false");
  expect(pulumiProcess(pulumi(), ["up"]).env).toMatchObject({ [backups]: "false" });
});

test("a command that takes the lock is recorded until it has ended; one that does not is started as it is", () => {
  expect(pulumiProcess(pulumi(), ["preview", "--stack", "lab-1"])).toMatchObject({ file: "pulumi" });
  const { pid, ended } = start(["up", "--stack", "lab-1"]);
  expect(recordedRuns(process.env)).toMatchObject([{ pid, stack: "lab-1" }]);
  ended(pid, 0);
  expect(recordedRuns(process.env)).toEqual([]);
});

test("the record of one that has left its lock stays, whatever its exit code", () => {
  const { pid, ended } = start(["--non-interactive", "stack", "import", "--stack", "lab-1"]);
  const { locks } = stateFiles(callerOf(folder, "lab-1")) as StateFiles;
  mkdirSync(locks, { recursive: true });
  const lock = { pid, username: "u", hostname: hostname(), timestamp: "2026-01-02T03:04:05Z" };
  writeFileSync(join(locks, "a.json"), JSON.stringify(lock));
  ended(pid, 255);
  expect(recordedRuns(process.env)).toHaveLength(1);
});

test("of another backend the record stays where a signal has ended it", () => {
  vi.stubEnv("PULUMI_BACKEND_URL", "s3://bucket");
  const { pid, ended } = start(["up", "--stack", "lab-1"]);
  ended(pid, null);
  expect(recordedRuns(process.env)).toHaveLength(1);
  ended(pid, 1);
  expect(recordedRuns(process.env)).toEqual([]);
});
