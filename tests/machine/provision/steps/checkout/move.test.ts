import { cpSync, existsSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { inspectCheckout } from "../../../../../provision/steps/checkout/inspect.ts";
import { CheckoutLab, put, treeOf, userGit } from "./lab.ts";

let lab: CheckoutLab;
let atFirst: string;
let atSecond: string;
beforeAll(async () => {
  lab = new CheckoutLab();
  await lab.ensure();
  atFirst = lab.copy("first");
  await lab.ensure(lab.second);
  atSecond = lab.copy("second");
});
afterAll(() => lab.close());
beforeEach(() => restore());

const at = (path: string) => join(lab.folder, path);
function restore(): void {
  rmSync(lab.folder, { recursive: true, force: true });
  cpSync(atFirst, lab.folder, { recursive: true, preserveTimestamps: true });
  lab.said.length = 0;
}

/** The files that one of the commits has and the other has not, or not so. */
const differing = [
  "src/cooperbench/__init__.py",
  "src/cooperbench/old.py",
  "src/cooperbench/new/new.py",
  "dataset/task1",
  "dataset/task2",
];

/** Puts a file as git leaves it at some time of a move: as before, gone, begun, or as after. */
function leave(path: string, state: "before" | "gone" | "begun" | "after"): void {
  rmSync(at(path), { force: true });
  const from = join(state === "before" ? atFirst : atSecond, path);
  if (state === "gone" || !existsSync(from)) return;
  put(at(path));
  cpSync(from, at(path));
  if (state === "begun") truncateSync(at(path), 5);
}

/** The checkout as a git leaves it that was ended in the middle of a move. */
function cutOff(states: readonly ("before" | "gone" | "begun" | "after")[], lock = true): void {
  lab.mark({ moving: { from: lab.first, to: lab.second } });
  for (const [index, path] of differing.entries()) leave(path, states[index] ?? "before");
  if (lock) writeFileSync(at(".git/index.lock"), "half");
}

describe("a move that was cut off", () => {
  test("is no whole checkout", () => {
    cutOff(["after", "gone"]);
    expect(inspectCheckout(lab.folder)).toBe(`a move to commit ${lab.second} was cut off`);
  });

  test("is completed by the next update, wherever it was cut off", async () => {
    const state = fc.constantFrom("before", "gone", "begun", "after" as const);
    await fc.assert(
      fc.asyncProperty(
        fc.array(state, { minLength: 5, maxLength: 5 }),
        fc.boolean(),
        async (states, lock) => {
          restore();
          cutOff(states as ("before" | "gone" | "begun" | "after")[], lock);
          expect((await lab.ensure(lab.second)).commit).toBe(lab.second);
          expect(treeOf(lab.folder)).toEqual(treeOf(atSecond));
          expect(lab.git("status", "--porcelain")).toBe("");
          expect(inspectCheckout(lab.folder)).toBeUndefined();
          expect(existsSync(at(".git/index.lock"))).toBe(false);
        },
      ),
      { numRuns: 8 },
    );
  });

  test("is completed where the index, and HEAD, were at the second commit already", async () => {
    for (const path of differing) leave(path, "after");
    cpSync(join(atSecond, ".git/index"), at(".git/index"));
    lab.mark({ moving: { from: lab.first, to: lab.second } });
    await lab.ensure(lab.second);
    expect(lab.git("rev-parse", "HEAD")).toBe(lab.second);
    restore();
    cutOff(["after", "after", "after", "after", "after"], false);
    lab.git("update-ref", "--no-deref", "HEAD", lab.second);
    await lab.ensure(lab.second);
    expect(lab.git("status", "--porcelain")).toBe("");
    expect(treeOf(lab.folder)).toEqual(treeOf(atSecond));
  });

  test("is completed first where yet another commit is wanted", async () => {
    cutOff(["begun", "gone", "after"]);
    expect((await lab.ensure(lab.first)).commit).toBe(lab.first);
    expect(treeOf(lab.folder)).toEqual(treeOf(atFirst));
  });

  test.each<[string, () => unknown, RegExp]>([
    ["changed", () => put(at("dataset/task1"), "mine"), /dataset\/task1/],
    ["changed that neither commit changes", () => put(at("dataset/task0"), "mine"), /dataset\/task0/],
    ["changed that the second has no more", () => put(at("src/cooperbench/old.py"), "mine"), /old\.py/],
    ["new", () => put(at("mine.txt"), "mine"), /mine\.txt/],
    ["new in the place of one that comes", () => put(at("src/cooperbench/new/new.py"), "mine"), /new\.py/],
    [
      "staged",
      () => {
        rmSync(at(".git/index.lock"));
        put(at("dataset/task3"), "mine");
        lab.git("add", "dataset/task3");
      },
      /dataset\/task3/,
    ],
  ])(
    "is not completed over a file of the user's that is %s: the file is named, and all stays",
    async (_, change, word) => {
      cutOff(["after", "before", "gone", "begun"]);
      change();
      const before = treeOf(lab.folder);
      const failed = lab.ensure(lab.second);
      await expect(failed).rejects.toThrow(word);
      await expect(failed).rejects.toThrow(
        /was cut off, .* belong to neither .*\nFix: move them away, then run \.\/machine up lab-1/,
      );
      expect(treeOf(lab.folder)).toEqual(before);
      await lab.remove();
      expect(lab.said.at(-1)).toMatch(/is left: .*was cut off/);
      expect(treeOf(lab.folder)).toEqual(before);
    },
  );

  test("does not stand in the way of a destroy", async () => {
    cutOff(["after", "gone", "begun"]);
    await lab.remove();
    expect(existsSync(lab.folder)).toBe(false);
  });

  test("waits for a git that is still at work", async () => {
    cutOff(["after"]);
    const { spawn } = await import("node:child_process");
    const holder = spawn("sh", ["-c", 'exec 3<> "$0"; sleep 1; rm "$0"', at(".git/index.lock")]);
    const ended = new Promise((resolve) => holder.on("close", resolve));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const began = Date.now();
    await lab.ensure(lab.second);
    expect(Date.now() - began).toBeGreaterThan(500);
    await ended;
  });
});

test("an ignored file of the user's that the other commit has stops a move, and is named", async () => {
  put(at("ignored-by-me"), "mine");
  put(join(lab.repository, "ignored-by-me"), "upstream's");
  userGit(lab.repository, "add", "--force", "ignored-by-me");
  const third = lab.commit("third");
  const found = await lab.ensure(third);
  expect(found.note).toMatch(/in the way \(ignored-by-me\)/);
  expect(found.commit).toBe(lab.first);
  expect(treeOf(lab.folder)["ignored-by-me"]).toBe("mine");
  expect(inspectCheckout(lab.folder)).toBeUndefined();
});

test("so does one in the place of a folder that comes; a file that goes for a folder does not", async () => {
  put(at("ignored-place"), "mine");
  put(join(lab.repository, "ignored-place/x"), "upstream's");
  userGit(lab.repository, "add", "--force", "ignored-place/x");
  const other = lab.commit("a folder");
  expect((await lab.ensure(other)).note).toMatch(/in the way \(ignored-place\)/);
  expect(treeOf(lab.folder)["ignored-place"]).toBe("mine");
  rmSync(at("ignored-place"));
  rmSync(join(lab.repository, "dataset/task3"));
  put(join(lab.repository, "dataset/task3/x"), "x");
  const last = lab.commit("a folder for a file");
  expect((await lab.ensure(last)).commit).toBe(last);
  expect(treeOf(lab.folder)["dataset/task3/x"]).toBe("x");
});

describe("a checkout that lost its source", () => {
  test("is seen, and gets back what is missing, and no more", async () => {
    rmSync(at("src"), { recursive: true });
    rmSync(at("dataset/task0"));
    put(at("dataset/task1"), "mine");
    expect(inspectCheckout(lab.folder)).toBe("it has no src/cooperbench/__init__.py");
    await lab.ensure();
    expect(lab.said).toEqual([expect.stringContaining("4 missing files of src and dataset were restored")]);
    expect(treeOf(lab.folder)).toEqual({ ...treeOf(atFirst), "dataset/task1": "mine" });
    expect(inspectCheckout(lab.folder)).toBeUndefined();
  });

  test("or its dataset, is seen", async () => {
    rmSync(at("dataset"), { recursive: true });
    expect(inspectCheckout(lab.folder)).toBe("it has no dataset");
    await lab.ensure();
    expect(treeOf(lab.folder)).toEqual(treeOf(atFirst));
  });

  test("and is the user's is left as it is, with the command", async () => {
    rmSync(lab.markerFile);
    rmSync(at("src"), { recursive: true });
    const left = lab.ensure();
    await expect(left).rejects.toThrow(`git -C ${lab.folder} checkout HEAD -- src dataset`);
    expect(existsSync(at("src"))).toBe(false);
  });

  test("for git as well is left as it is, with the command", async () => {
    lab.git("rm", "-r", "--quiet", "src");
    await expect(lab.ensure()).rejects.toThrow(/it has no src\/cooperbench/);
    expect(existsSync(at("src"))).toBe(false);
  });
});

describe("a HEAD that the user has moved", () => {
  test("is seen once, and again where it moves on", async () => {
    lab.git("switch", "--quiet", "--create", "mine", lab.second);
    expect(inspectCheckout(lab.folder)).toBe(`its HEAD was moved to ${lab.second}`);
    expect((await lab.ensure()).note).toMatch(/its HEAD was moved/);
    expect(inspectCheckout(lab.folder)).toBeUndefined();
    lab.git("pack-refs", "--all");
    expect(inspectCheckout(lab.folder)).toBeUndefined();
    lab.git("commit", "--quiet", "--allow-empty", "-m", "mine");
    expect(inspectCheckout(lab.folder)).toMatch(/its HEAD was moved/);
  });

  test("to the wanted commit is the stack's again", async () => {
    lab.git("checkout", "--quiet", "--detach", lab.second);
    expect((await lab.ensure(lab.second)).note).toBeUndefined();
    expect(lab.marker.commit).toBe(lab.second);
    expect(inspectCheckout(lab.folder)).toBeUndefined();
  });
});

test.each<[string, (path: string) => void, string]>([
  ["is not there", (path) => rmSync(path, { recursive: true }), "it is missing"],
  [
    "has no repository",
    (path) => rmSync(join(path, ".git"), { recursive: true }),
    "it is not a git checkout",
  ],
  ["has an empty HEAD", (path) => writeFileSync(join(path, ".git/HEAD"), ""), "its HEAD cannot be read"],
  [
    "has a HEAD of a branch that is gone",
    (path) => writeFileSync(join(path, ".git/HEAD"), "ref: refs/heads/gone\n"),
    "its HEAD cannot be read",
  ],
])("a checkout that %s is told at first sight", (_, damage, finding) => {
  damage(lab.folder);
  expect(inspectCheckout(lab.folder)).toBe(finding);
});
