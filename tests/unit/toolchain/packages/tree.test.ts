import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { isAsLocked, isWhole } from "../../../../toolchain/packages/tree.mjs";
import { temporaryFolder } from "../../../temporary-folder.ts";

type Entries = Record<string, Record<string, unknown>>;

const always = { version: "1.0.0", integrity: "sha512-a" };
const here = { optional: true, os: [process.platform], cpu: [process.arch] };
let root: string;

beforeEach(() => {
  root = temporaryFolder("tree-");
});

/** Whether a tree with these packages is what a lock file with those asks for. */
function fits(locked: Entries, there: Entries): boolean {
  rmSync(join(root, "node_modules"), { recursive: true, force: true });
  mkdirSync(join(root, "node_modules"));
  for (const [name, { version }] of Object.entries(there)) {
    mkdirSync(join(root, "node_modules", name));
    writeFileSync(join(root, "node_modules", name, "package.json"), JSON.stringify({ version }));
  }
  const packages = (entries: Entries) =>
    Object.fromEntries(Object.entries(entries).map(([name, entry]) => [`node_modules/${name}`, entry]));
  writeFileSync(
    join(root, "package-lock.json"),
    JSON.stringify({ packages: { "": { name: "p" }, ...packages(locked) } }),
  );
  writeFileSync(
    join(root, "node_modules", ".package-lock.json"),
    JSON.stringify({ packages: packages(there) }),
  );
  return isAsLocked(root);
}

test("each package at its version and with its content, none less, none more", () => {
  expect(fits({ a: always }, { a: always })).toBe(true);
  expect(fits({ a: always }, { a: { ...always, version: "1.0.1" } })).toBe(false);
  expect(fits({ a: always }, { a: { ...always, integrity: "sha512-b" } })).toBe(false);
  expect(fits({ a: always, b: always }, { a: always })).toBe(false);
  expect(fits({ a: always }, { a: always, b: always })).toBe(false);
});

test("a package of another version than npm's list says is not what the lock file asks for", () => {
  fits({ a: always }, { a: always });
  writeFileSync(join(root, "node_modules", "a", "package.json"), '{"version":"0.9.0"}');
  expect([isWhole(root), isAsLocked(root)]).toEqual([true, false]);
});

test("a folder that is gone, or a list that npm did not finish, is not what the lock file asks for", () => {
  fits({ a: always }, { a: always });
  rmSync(join(root, "node_modules", "a"), { recursive: true });
  expect([isWhole(root), isAsLocked(root)]).toEqual([true, false]);
  writeFileSync(join(root, "node_modules", ".package-lock.json"), '{"pack');
  expect([isWhole(root), isAsLocked(root)]).toEqual([false, false]);
});

test.each<[string, Record<string, unknown>, boolean]>([
  ["of this platform", here, true],
  ["of no platform in particular", { optional: true }, false],
  ["of another system", { ...here, os: ["none"] }, false],
  ["of another processor", { ...here, cpu: ["none"] }, false],
  ["of any but this system", { ...here, os: [`!${process.platform}`] }, false],
  ["of any but another system", { ...here, os: ["!none"] }, true],
  ["of another C library", { ...here, libc: ["none"] }, false],
  ["with a single name", { ...here, os: process.platform, cpu: "any" }, true],
])("an optional package %s is needed or not", (_, entry, isNeeded) => {
  expect(fits({ a: always, b: { ...always, ...entry } }, { a: always })).toBe(!isNeeded);
  expect(fits({ a: always, b: { ...always, ...entry } }, { a: always, b: always })).toBe(true);
});
