import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { isStale, withLock } from "../../../lib/process-lock.ts";
import { cachedFolder } from "../../../toolchain/cache.ts";
import { step } from "../../../toolchain/steps.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let dir: string;
let said: string[];
const report = (line: string) => said.push(line);

beforeEach(() => {
  dir = temporaryFolder("cache-");
  said = [];
});

/** A process id that no process has: Linux allows fewer. */
const NOBODY = 2 ** 30;

describe("cachedFolder", () => {
  test("two at once make it once", async () => {
    let made = 0;
    const make = async (temporary: string) => {
      made++;
      await sleep(50);
      writeFileSync(join(temporary, "x"), "");
    };
    const folder = join(dir, "a", "made");
    await Promise.all([cachedFolder(folder, report, make), cachedFolder(folder, report, make)]);
    expect(made).toBe(1);
    expect(readdirSync(folder)).toEqual(["x"]);
    expect(readdirSync(join(dir, "a"))).toEqual(["made"]);
  });

  test("what a killed run left is removed", async () => {
    mkdirSync(join(dir, "made.part-1"));
    await cachedFolder(join(dir, "made"), report, async () => {});
    expect(readdirSync(dir)).toEqual(["made"]);
  });

  test("a failure leaves nothing, and the next try makes it", async () => {
    const folder = join(dir, "made");
    const failing = cachedFolder(folder, report, async () => {
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(readdirSync(dir)).toEqual([]);
    await cachedFolder(folder, report, async () => {});
    expect(existsSync(folder)).toBe(true);
  });
});

describe("withLock", () => {
  test("takes over from a process that is gone", async () => {
    const file = join(dir, "lock");
    writeFileSync(file, `${NOBODY} ${hostname()} 0.5`);
    expect(await withLock(file, report, async () => "done")).toBe("done");
    expect(readdirSync(dir)).toEqual([]);
  });

  test("says whom it waits for", async () => {
    const file = join(dir, "lock");
    writeFileSync(file, `${process.pid} ${hostname()} 0.5`);
    setTimeout(() => rmSync(file), 50);
    await withLock(file, report, async () => {});
    expect(said).toEqual([`waiting for process ${process.pid}, which is doing the same work`]);
  });

  test("a holder on another machine is gone when it has not renewed the lock for a minute", () => {
    const file = join(dir, "lock");
    const holder = `${NOBODY} elsewhere 0.5`;
    writeFileSync(file, holder);
    expect(isStale(holder, file)).toBe(false);
    utimesSync(file, new Date(), new Date(Date.now() - 61_000));
    expect(isStale(holder, file)).toBe(true);
  });
});

test("a step says that it begins and how long it took", async () => {
  expect(await step(report, "work", async () => 1)).toBe(1);
  expect(said[0]).toBe("work …");
  expect(said[1]).toMatch(/^work: done in \d+\.\d s$/);
});
