import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Place, placeHere, showProcess } from "../../../../../lib/process-id.ts";
import { makeBeside } from "../../../../../provision/steps/checkout/beside.ts";
import { isMountPoint } from "../../../../../provision/steps/checkout/clone.ts";
import { lab1, lab2 } from "../../../../owners.ts";
import { CheckoutLab, put, treeOf } from "./lab.ts";

let lab: CheckoutLab;
beforeEach(() => {
  lab = new CheckoutLab();
});
afterEach(() => lab.close());

/** What is in the base but the origin. */
const there = () => readdirSync(lab.base).filter((name) => name !== "origin");

/** As a process of this machine that has ended. */
const goneProcess = () => showProcess({ ...(placeHere() as Place), pid: process.pid, start: "1" });

describe("what was cut off beside the checkout's place", () => {
  /** As a step that is gone has left it. */
  function leftover(owner = lab1, change: object = {}): string {
    const beside = makeBeside(lab.folder, owner);
    const file = join(beside, "intent.json");
    const intent = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...intent, maker: goneProcess(), ...change }));
    put(join(beside, "clone", "half"), "half");
    return beside;
  }

  test("goes with the next update", async () => {
    const beside = leftover();
    await lab.ensure();
    expect(existsSync(beside)).toBe(false);
    expect(there()).toEqual(["repos"]);
  });

  test("goes with the destroy, with the parents that had been made, where they are empty", async () => {
    leftover();
    mkdirSync(dirname(lab.folder));
    await lab.remove();
    expect(there()).toEqual([]);
  });

  test("of a removal goes with the next one, with the parents that were made for the checkout", async () => {
    await lab.ensure();
    const beside = leftover(lab1, { madeParent: dirname(lab.folder) });
    renameSync(lab.folder, join(beside, "removed"));
    await lab.remove();
    expect(there()).toEqual([]);
  });

  test("goes where it is in a parent that was made since, and where it has no intent yet", async () => {
    mkdirSync(dirname(lab.folder));
    const beside = leftover();
    const empty = leftover();
    rmSync(join(empty, "clone"), { recursive: true });
    rmSync(join(empty, "intent.json"));
    await lab.remove();
    expect([beside, empty].filter(existsSync)).toEqual([]);
  });

  test.each<[string, () => string]>([
    ["another stack's", () => leftover(lab2)],
    ["of this stack's name with another stack's intent", () => leftover(lab1, lab2)],
    ["of another place", () => leftover(lab1, { path: "/elsewhere/CooperBench" })],
    ["of a process that is at work", () => makeBeside(lab.folder, lab1)],
    [
      "a folder of the name that has something else in it",
      () => {
        const beside = makeBeside(lab.folder, lab1);
        rmSync(join(beside, "intent.json"));
        put(join(beside, "mine"));
        return beside;
      },
    ],
    [
      "a folder of the user's with a like name",
      () => {
        const mine = join(lab.base, ".CooperBench.cooperbench-machine");
        put(join(mine, "mine"));
        return mine;
      },
    ],
    [
      "CooperBench.partial",
      () => {
        put(`${lab.folder}.partial/mine`);
        return `${lab.folder}.partial`;
      },
    ],
  ])("stays where it is %s", async (_, make) => {
    const beside = make();
    const before = treeOf(beside);
    await lab.ensure();
    await lab.remove();
    expect(treeOf(beside)).toEqual(before);
  });
});

test("a clone that fails leaves nothing", async () => {
  await expect(lab.ensure("d".repeat(40))).rejects.toThrow(
    /does not give commit d{40} \(setting cooperbenchCommit\)/,
  );
  expect(there()).toEqual([]);
});

test("a repository that is not CooperBench's is refused, and nothing is left", async () => {
  rmSync(join(lab.repository, "src"), { recursive: true });
  await expect(lab.ensure(lab.commit("no source"))).rejects.toThrow(
    /no src\/cooperbench.*set \S+ cooperbenchRepository/s,
  );
  expect(there()).toEqual([]);
});

test("of two first updates on one folder one wins, and the other is told whose it is", async () => {
  const results = await Promise.allSettled([lab.ensure(), lab.ensure(lab.first, { owner: lab2 })]);
  const [lost, ...more] = results.filter((result) => result.status === "rejected");
  expect(more).toEqual([]);
  const winner = lab.marker.stack;
  expect(lost?.reason.message).toMatch(
    new RegExp(`${lab.folder} has things of stack ${winner}: ${lab.folder}\\. Nothing was changed\n`),
  );
  expect(lab.git("status", "--porcelain")).toBe("");
  expect(there()).toEqual(["repos"]);
  expect(readdirSync(join(lab.base, "repos"))).toEqual(["CooperBench"]);
});

describe("the checkout's folder may be", () => {
  test("an empty folder, which keeps its mode", async () => {
    mkdirSync(lab.folder, { recursive: true, mode: 0o750 });
    expect((await lab.ensure()).made).toBe(true);
    expect(execFileSync("stat", ["-c", "%a", lab.folder], { encoding: "utf8" })).toBe("750\n");
    await lab.remove();
    expect(existsSync(dirname(lab.folder)), "a parent that was there").toBe(true);
  });

  test("a link to a folder, or in one", async () => {
    const target = join(lab.base, "target");
    mkdirSync(target);
    mkdirSync(dirname(lab.folder));
    symlinkSync(target, lab.folder);
    const at = { commit: lab.first, wanted: lab.first };
    expect(await lab.ensure()).toEqual({ folder: target, ...at, made: true });
    expect(await lab.ensure()).toMatchObject({ folder: target, made: true });
    await lab.remove();
    expect(existsSync(target)).toBe(false);
  });

  test("no link to nothing: it is refused before the clone", async () => {
    mkdirSync(dirname(lab.folder));
    symlinkSync(join(lab.base, "nothing"), lab.folder);
    await expect(lab.ensure()).rejects.toThrow(/is a symbolic link to a folder that does not exist/);
    expect(readdirSync(dirname(lab.folder))).toEqual(["CooperBench"]);
  });

  test("not in a file", async () => {
    writeFileSync(dirname(lab.folder), "");
    await expect(lab.ensure()).rejects.toThrow(/cannot be used as a folder|is not a folder/);
    expect(there()).toEqual(["repos"]);
  });

  test("no mount point", () => {
    expect(isMountPoint("/proc")).toBe(true);
    expect(isMountPoint(lab.base)).toBe(false);
  });
});
