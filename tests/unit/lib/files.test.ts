import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeBegun, writeWhole } from "../../../lib/files.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
let file: string;
let umask: number;
beforeEach(() => {
  umask = process.umask();
  folder = temporaryFolder("files-");
  file = join(folder, "a.json");
});
afterEach(() => {
  process.umask(umask);
});

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test.each([
  [0o000, undefined, "644"],
  [0o022, undefined, "644"],
  [0o077, undefined, "600"],
  [0o000, 0o600, "600"],
  [0o277, 0o600, "600"],
])("a new file under umask %o with mode %o", (mask, mode, got) => {
  process.umask(mask);
  writeWhole(file, "text", mode === undefined ? {} : { mode });
  process.umask(umask);
  expect(modeOf(file)).toBe(got);
  expect(readFileSync(file, "utf8")).toBe("text");
  expect(readdirSync(folder)).toEqual(["a.json"]);
});

test("a file that is there keeps its mode and its owner", () => {
  writeFileSync(file, "before");
  chmodSync(file, 0o640);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(file, 1234, 1235);
  process.umask(0o077);
  writeWhole(file, "after", { mustKeepOwner: true });
  expect(modeOf(file)).toBe("640");
  expect(readFileSync(file, "utf8")).toBe("after");
  if (isRoot) expect(statSync(file)).toMatchObject({ uid: 1234, gid: 1235 });
});

test.runIf(process.getuid?.() === 0)("a new file is the folder's owner's", () => {
  chownSync(folder, 1234, 1235);
  writeWhole(file, "text", { mode: 0o600 });
  expect(statSync(file)).toMatchObject({ uid: 1234, gid: 1235 });
});

test("a link is replaced, not followed", () => {
  const other = join(folder, "other");
  writeFileSync(other, "other");
  symlinkSync(other, file);
  writeWhole(file, "text");
  expect(lstatSync(file).isFile()).toBe(true);
  expect(readFileSync(other, "utf8")).toBe("other");
});

test("what cannot be written leaves what was there", () => {
  writeFileSync(file, "before");
  expect(() => writeWhole(join(folder, "absent", "a"), "text")).toThrow("ENOENT");
  expect(() => writeWhole(file, null as unknown as string)).toThrow();
  expect(readFileSync(file, "utf8")).toBe("before");
  expect(readdirSync(folder)).toEqual(["a.json"]);
});

test("what a killed writer has begun goes, what another is writing stays", () => {
  const [gone, other, theirs] = ["a.json.4194305.new", `a.json.${process.ppid}.new`, "b.json.4194305.new"];
  for (const name of [gone, other, theirs]) writeFileSync(join(folder, name as string), "");
  removeBegun(file);
  expect(readdirSync(folder).toSorted()).toEqual([other, theirs].toSorted());
  expect(existsSync(file)).toBe(false);
});
