import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { changedSources } from "../../../../../provision/steps/checkout/changed-sources.ts";
import { temporaryFolder } from "../../../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("sources-");
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", ...args]);
  mkdirSync(join(folder, "src"));
  for (const name of ["src/a b.py", "src/c.py", "README.md"]) writeFileSync(join(folder, name), name);
  git("init", "-q");
  git("add", "-A");
  git("commit", "-qm", "Begin");
});

test("files of the source that are edited or gone are told, and no others", async () => {
  expect(await changedSources(folder)).toEqual([]);
  writeFileSync(join(folder, "src/a b.py"), "another");
  rmSync(join(folder, "src/c.py"));
  writeFileSync(join(folder, "src/own.py"), "x");
  writeFileSync(join(folder, "README.md"), "another");
  expect(await changedSources(folder)).toEqual(["src/a b.py", "src/c.py"]);
});

test("what is no checkout has none", async () => {
  expect(await changedSources(join(folder, "nowhere"))).toEqual([]);
  rmSync(join(folder, ".git"), { recursive: true });
  expect(await changedSources(folder)).toEqual([]);
});
