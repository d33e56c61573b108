import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordRun } from "../../cli/recorded-runs.ts";
import { type StateFiles, stateFiles } from "../../cli/state-files.ts";
import { type Place, placeHere, showProcess, thisProcess } from "../../lib/process-id.ts";
import { identityLabel, makerLabel } from "../../provision/ownership/temporary.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { run } from "./command.ts";
import { expectNothingLeft, temporaryFiles } from "./kills.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
const data = join(lab.folder, "data");
let stack: string;
let files: StateFiles;
const machine = (...args: string[]) => lab.machine(args, { TMPDIR: temporaryFiles(lab) });

beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {});
  mkdirSync(data);
  await run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", data]);
  stack = await lab.makeStack({ tasks: ["go_chi_task"] });
  files = stateFiles({ stack, projectDir: lab.folder, env: lab.env }) as StateFiles;
  expect((await machine("up", stack)).code).toBe(0);
});
afterAll(async () => {
  await run(["umount", data]);
  await lab.close();
});

/** An update after which all is as it should be. */
async function expectRight(): Promise<string> {
  const { code, stdout, stderr } = await machine("up", stack);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toContain("3/3 images verified");
  await expectNothingLeft(lab, stack);
  return stderr;
}

test("no backup of the state piles up, and the copy beside it stays", () => {
  expect(readdirSync(join(files.folder, ".pulumi"))).not.toContain("backups");
  expect(() => readFileSync(`${files.state}.bak`)).not.toThrow();
});

test("a lock of another machine is told with the command that takes it away, and stays until then", async () => {
  const lock = { pid: 4711, username: "ann", hostname: "another", timestamp: "2026-01-02T03:04:05Z" };
  mkdirSync(files.locks, { recursive: true });
  writeFileSync(join(files.locks, "a.json"), JSON.stringify(lock));
  for (const command of ["up", "destroy"]) {
    const { code, stdout, stderr } = await machine(command, stack);
    expect(code).toBe(1);
    expect(stderr).toContain("since 2026-01-02T03:04:05Z (ann@another, process 4711)");
    expect(stderr).toContain(`./machine pulumi cancel ${stack}`);
    expect(stdout).toBe("");
  }
  for (const command of ["doctor", "status"]) {
    const { code, stdout } = await machine(command, stack);
    expect(code).toBe(1);
    expect(stdout).toMatch(/BLOCKER +update +an update holds the update lock since 2026-01-02T03:04:05Z/);
  }
  expect((await machine("pulumi", "cancel", stack)).code).toBe(0);
  expect(readdirSync(files.locks)).toEqual([]);
});

test("the lock of a dead update, and an empty one, are told by those who look, and taken away by the next update", async () => {
  const empty = join(files.locks, "a.json.17.tmp");
  writeFileSync(empty, "");
  utimesSync(empty, 1, 1);
  // What stands for a Pulumi that was killed: it was recorded as it was started, and is gone.
  const { file, args } = recordRun(stack, "true", [], lab.env);
  const { pid } = spawnSync(file, args);
  const dead = join(files.locks, "b.json");
  const lock = { pid, username: "ann", hostname: hostname(), timestamp: "2026-01-02T03:04:05Z" };
  writeFileSync(dead, JSON.stringify(lock));
  const found = `the update of 2026-01-02T03:04:05Z was cut off (ann@${hostname()}, process ${pid})`;
  for (const command of ["doctor", "status"]) {
    const { code, stdout } = await machine(command, stack);
    expect(code).toBe(0);
    expect(stdout).toMatch(/warning +update /);
  }
  expect((await machine("doctor", stack)).stdout).toContain(found);
  expect(readdirSync(files.locks)).toHaveLength(2);
  const told = await expectRight();
  expect(told).toContain(`; its lock is removed: ${empty}`);
  expect(told).toContain(`${found}; its lock is removed: ${dead}`);
});

test("creations that were cut off are cleared, with their secrets still encrypted; others are told", async () => {
  const state = JSON.parse(readFileSync(files.state, "utf8"));
  const { latest } = state.checkpoint;
  const [made, begun] = latest.resources.filter(
    ({ type }: { type: string }) => type === "command:local:Command",
  );
  latest.pending_operations = [
    { resource: { ...made, urn: `${made.urn}-more` }, type: "creating" },
    { resource: begun, type: "updating" },
  ];
  writeFileSync(files.state, JSON.stringify(state));
  expect((await machine("status", stack)).stdout).toMatch(
    /warning +update +the last operation was cut off while it was/,
  );
  expect(await expectRight()).toMatch(/cut off while it was creating \S+-more, updating \S+$/m);
  expect(readFileSync(files.state, "utf8")).not.toContain("key-of-a-test");
});

describe("a state that is not whole", () => {
  test("is told by each command with its backup, and the command that is printed restores it", async () => {
    writeFileSync(files.state, "");
    let fix = "";
    for (const command of ["up", "preview", "destroy", "status", "doctor"]) {
      const { code, stdout, stderr } = await machine(command, stack);
      expect(code, command).toBe(1);
      expect(stdout + stderr, command).toContain(`${files.state} (0 bytes)`);
      expect(stdout + stderr, command).not.toContain("unexpected end of JSON input");
      fix = /cp \S+\.bak \S+$/m.exec(stdout + stderr)?.[0] ?? "";
      expect(fix, command).not.toBe("");
    }
    expect((await lab.run("sh", ["-c", fix])).code).toBe(0);
    await expectRight();
  });
});

test("after a full disk of the state one more update is right, with the copy put back where that is told", async () => {
  const ballast = join(data, "ballast");
  await run(["sh", "-c", `cat /dev/zero > ${ballast} 2>/dev/null || true`]);
  const full = await machine("up", stack);
  expect(full.code).not.toBe(0);
  expect(full.stderr).toMatch(/BLOCKER +disks +.* free, .* needed for .*state and passphrase/);
  // Full only once Pulumi has begun.
  rmSync(ballast);
  await lab.removeImages();
  const { child, ended } = lab.start("./machine", ["up", stack], { TMPDIR: temporaryFiles(lab) });
  const locks = () => readdirSync(files.locks).filter((name) => name.endsWith(".json"));
  await expect.poll(locks, { timeout: 60_000, interval: 20 }).not.toEqual([]);
  await run(["sh", "-c", `cat /dev/zero > ${ballast} 2>/dev/null || true`]);
  const [lock = ""] = locks();
  const { pid } = JSON.parse(readFileSync(join(files.locks, lock), "utf8"));
  // Pulumi tries to save its state for half a minute, for each resource; a user would not wait.
  const limit = setTimeout(() => {
    child.kill("SIGKILL");
    process.kill(pid, "SIGKILL");
  }, 5000);
  await ended;
  clearTimeout(limit);
  rmSync(ballast);
  const told = await machine("up", stack);
  const fix = /^Fix: (cp .*)$/m.exec(told.stderr)?.[1];
  if (fix !== undefined) await lab.run("sh", ["-c", fix]);
  await expectRight();
});

test("a running update is told as such: by status, which is not ready, by preview and by a second update", async () => {
  await lab.removeImages();
  const { ended } = lab.start("./machine", ["up", stack], { TMPDIR: temporaryFiles(lab) });
  await expect
    .poll(() => readdirSync(files.locks).length, { timeout: 60_000, interval: 20 })
    .toBeGreaterThan(0);
  const [status, second, preview] = await Promise.all([
    machine("status", stack, "--json"),
    machine("up", stack),
    machine("preview", stack),
  ]);
  const running = /an update is running since \S+Z \(\S+@\S+, process \d+\)/;
  const { isReady, checks } = JSON.parse(status.stdout);
  expect(isReady).toBe(false);
  expect(checks.find(({ check }: { check: string }) => check === "update").found).toMatch(running);
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(running);
  expect(preview.stderr).toMatch(running);
  expect((await ended).code).toBe(0);
});

test("containers of dead processes go with the next command; those of others stay", async () => {
  const [image] = (await lab.references()).filter((reference) => !reference.includes("@"));
  const here = placeHere() as Place;
  const dead = showProcess({ ...here, pid: process.pid, start: "1" });
  const elsewhere = showProcess({ ...here, machine: "0".repeat(12), pid: 1, start: "1" });
  const make = async (name: string, owner: string, maker: string) => {
    const labels = { [identityLabel]: owner, [makerLabel]: maker };
    await lab.engine.createContainer({ name, Image: image, Labels: labels });
    return `/${name}`;
  };
  const stay = [
    await make("living", lab.identity(stack), thisProcess()),
    await make("another-stack", "another", dead),
    await make("another-machine", lab.identity(stack), elsewhere),
  ];
  await make("left", lab.identity(stack), dead);
  const { code, stderr } = await machine("verify", stack);
  expect(code).toBe(0);
  expect(stderr).toContain("removed what a killed command left behind: left\n");
  expect((await lab.containers()).toSorted()).toEqual(stay.toSorted());
  for (const name of stay) await lab.engine.getContainer(name.slice(1)).remove({ force: true });
});

test.each(["SIGKILL", "SIGQUIT"] as const)(
  "what an oracle that is ended by %s leaves is found again",
  async (signal) => {
    const { child, ended } = lab.start(process.execPath, ["cli/main.ts", "oracle", stack], {
      TMPDIR: temporaryFiles(lab),
    });
    await expect.poll(() => lab.containers(), { timeout: 60_000, interval: 10 }).not.toEqual([]);
    child.kill(signal);
    await ended;
    expect((await machine("verify", stack)).code).toBe(0);
    await expectNothingLeft(lab, stack);
  },
);
