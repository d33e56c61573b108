import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { withLock } from "../../../../toolchain/packages/lock.mjs";
import { temporaryFolder } from "../../../temporary-folder.ts";

const lock = resolve(import.meta.dirname, "../../../../toolchain/packages/lock.mjs");
let dir: string;

beforeEach(() => {
  dir = temporaryFolder("lock-");
});

/** A process that takes the lock ten times, and fails where another one has it. */
function contender(): Promise<number | null> {
  const script = `
    import { mkdirSync, rmdirSync } from "node:fs";
    import { setTimeout as sleep } from "node:timers/promises";
    import { withLock } from ${JSON.stringify(lock)};
    for (let i = 0; i < 10; i++) {
      await withLock(${JSON.stringify(join(dir, "lock"))}, "test", () => {}, async () => {
        mkdirSync(${JSON.stringify(join(dir, "alone"))});
        await sleep(2);
        rmdirSync(${JSON.stringify(join(dir, "alone"))});
      });
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
  return new Promise((done) => child.once("close", done));
}

test("one process at a time has it", async () => {
  expect(await Promise.all([contender(), contender(), contender()])).toEqual([0, 0, 0]);
  expect(readdirSync(join(dir, "lock"))).toEqual([]);
});

test("is free where its holders are gone, and their files go", async () => {
  const folder = join(dir, "lock");
  await withLock(folder, "test", expect.unreachable, async () => {});
  writeFileSync(join(folder, `${process.ppid}@${hostname()}`), "a start of another process\n");
  writeFileSync(join(folder, `999999999@${hostname()}`), "1 a\n");
  let names: readonly string[] = [];
  await withLock(folder, "test", expect.unreachable, async () => {
    names = readdirSync(folder);
  });
  expect(names).toEqual([`${process.pid}@${hostname()}`]);
});

test("is free after work that failed", async () => {
  const work = withLock(join(dir, "lock"), "test", expect.unreachable, () => Promise.reject(new Error("no")));
  await expect(work).rejects.toThrow("no");
  expect(readdirSync(join(dir, "lock"))).toEqual([]);
});
