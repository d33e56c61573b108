import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../checks/finding.ts";
import { removeRehearsal, startRehearsal } from "../../rehearsal/rehearsal.ts";
import { jsonOutput } from "../json-output.ts";
import { type Ended, Lab } from "./lab.ts";

const checks = [
  ...["engine", "storage", "platform", "space", "registry", "quota", "downloads", "clock"],
  ...["services", "network", "leftovers", "lock"],
  ...[
    "client",
    "git",
    "source",
    "uv",
    "python",
    "folders",
    "disks",
    "owners",
    "files",
    "route",
    "pulumi",
    "secrets",
    "update",
  ],
];

const lab = new Lab();
// The engine's disk of its own, whose size the tests change. The engine makes nothing else in it than its own files.
const disk = join(lab.rehearsal.dir, "data");
let stack: string;

beforeAll(async () => {
  mkdirSync(disk, { recursive: true });
  // The mark of a rehearsal's folder, which else is to be empty at the first start.
  writeFileSync(join(lab.rehearsal.dir, ".cooperbench-rehearsal"), "");
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2g", "doctor", disk]);
  await startRehearsal(lab.rehearsal, () => {}, { payloadBytes: 1_000_000 });
  stack = await lab.makeStack();
});
afterAll(() => lab.close());

async function findings(): Promise<{ ended: Ended; of: (check: string) => Finding | undefined }> {
  const ended = await lab.machine(["doctor", stack, "--json"]);
  const { checks: findings } = jsonOutput("doctor", ended.stdout);
  return { ended, of: (wanted) => findings.find(({ check }) => check === wanted) };
}

test("a good machine has no blocker, and every check is told", async () => {
  const { ended } = await findings();
  expect(ended.code, ended.stdout).toBe(0);
  const { checks: all, summary, ...rest } = jsonOutput("doctor", ended.stdout);
  expect(rest).toEqual({ stack });
  expect(all.map(({ check }: Finding) => check)).toEqual(checks);
  expect(all.filter(({ level }: Finding) => level !== "ok")).toEqual([]);
  expect(summary).toEqual({ ok: checks.length, warnings: 0, blockers: 0 });

  const plain = await lab.machine(["doctor", stack]);
  expect(plain.code).toBe(0);
  expect(plain.stdout).toMatch(/^ok +engine +Docker \d/);
  expect(plain.stdout).toMatch(/26 images to pull \(\d+\.\d MB to download\)/);
  expect(plain.stdout).toMatch(/\nDone: .*: 25 ok, 0 warnings, 0 blockers\nNext: \.\/machine up \S+\n$/);
});

describe("a disk", () => {
  const resize = (size: string) => execFileSync("mount", ["-o", `remount,size=${size}`, disk]);

  test("that the downloads alone overfill stops an update, which changes nothing", async () => {
    resize("20m");
    const { ended, of } = await findings();
    expect(ended.code).toBe(1);
    expect(of("space")).toMatchObject({
      level: "blocker",
      found: expect.stringMatching(/\d MB free in .*\/r\/data; 26 images to pull/),
      remedy: expect.stringContaining(" image prune"),
    });
    const update = await lab.machine(["up", stack]);
    expect(update).toMatchObject({ code: 1, stdout: "" });
    expect(update.stderr).toMatch(
      /not ready, and nothing was changed:\n {2}BLOCKER +space +.*\n(?: .*\n)*Fix: to see what/,
    );
    expect(await lab.engine.listImages()).toEqual([]);
    expect(existsSync(lab.checkout)).toBe(false);
  });

  test("that has room for them, and perhaps not for what is in them, is a warning", async () => {
    resize("60m");
    const { ended, of } = await findings();
    expect(ended.code).toBe(0);
    expect(of("space")?.level).toBe("warning");
  });
});

test("the disk of the checkout, and the folder of a backend of one's own, are looked at where they are", async () => {
  const small = join(lab.folder, "small");
  mkdirSync(small);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=60m", "small", small]);
  try {
    const there = await lab.makeStack({ cooperbenchDir: join(small, "CooperBench"), tasks: ["go_chi_task"] });
    const blocker =
      /BLOCKER +disks +62\.9 MB free, 500 MB needed for the checkout \S+\/small\/CooperBench \(500 MB\)\n/;
    const doctor = await lab.machine(["doctor", there]);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(blocker);
    const update = await lab.machine(["up", there]);
    expect(update).toMatchObject({ code: 1, stdout: "" });
    expect(update.stderr).toMatch(blocker);
    expect(existsSync(join(small, "CooperBench"))).toBe(false);

    const env = { PULUMI_BACKEND_URL: `file://${small}/state`, XDG_DATA_HOME: join(lab.folder, "data") };
    const { stdout } = await lab.machine(["doctor", stack], env);
    expect(stdout).toMatch(/BLOCKER +folders +the state: \S+\/small\/state cannot be written to \(ENOENT/);
  } finally {
    execFileSync("umount", [small]);
  }
});

test("an engine that does not answer, and settings that are wrong, are findings as any", async () => {
  const dead = await lab.makeStack({ dockerHost: `unix://${lab.folder}/nobody.sock`, imagesLock: "" });
  const { code, stdout } = await lab.machine(["doctor"], { PULUMI_STACK: dead });
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^BLOCKER +engine +the Docker engine at .*nobody\.sock .*does not answer.*\n +Fix: /,
  );
  expect(stdout).toMatch(/\nwarning +lock +26 of 26 images are not locked/);

  const wrong = await lab.makeStack({ subset: "lte" });
  const told = await lab.machine(["doctor", wrong]);
  expect(told.code).toBe(1);
  expect(told.stdout).toMatch(
    /^BLOCKER {2}settings {2}subset: got "lte"; .*\n +Fix: \.\/machine set \S+ subset lite\nNot ready: .*0 ok, 0 warnings, 1 blocker\n/,
  );
});

test("a rehearsal that does not run is a warning, and is not started", async () => {
  await removeRehearsal(lab.rehearsal, () => {});
  const { ended, of } = await findings();
  expect(ended.code, ended.stdout).toBe(0);
  expect(of("engine")).toMatchObject({
    level: "warning",
    remedy: `Fix: ./machine up ${stack}`,
  });
  expect(of("lock")).toBeUndefined();
  expect(of("services")).toBeUndefined();

  const other = createServer((socket) => socket.resume().end("this is no Redis\r\n"));
  await once(other.listen(0, "127.0.0.1"), "listening");
  try {
    const { port } = other.address() as AddressInfo;
    lab.configure(stack, { coop: true, redisPort: port });
    expect((await findings()).of("services")).toMatchObject({
      level: "warning",
      found: expect.stringContaining(`127.0.0.1:${port} is taken: it answers a PING with "this is no Redis"`),
    });
  } finally {
    await once(other.close(), "close");
  }
  expect(existsSync(lab.rehearsal.dir)).toBe(false);
});
