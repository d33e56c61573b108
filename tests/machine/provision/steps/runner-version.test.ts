import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { gitBlobId } from "../../../../lib/digest.ts";
import { versionOfRunner } from "../../../../provision/steps/runner-version.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let checkout: string;
let folder: string;
const git = (...args: readonly string[]) =>
  execFileSync("git", ["-C", checkout, "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
    encoding: "utf8",
  });

/** A release with a runner; undefined for the one before's. */
function release(version: string, runner?: string): void {
  writeFileSync(join(checkout, "src/cooperbench/__about__.py"), `__version__ = "${version}"\n`);
  if (runner !== undefined) writeFileSync(join(folder, "runner.sh"), runner);
  git("add", "-A");
  git("commit", "-qm", version);
}
const of = (runner: string) => versionOfRunner(checkout, folder, gitBlobId(Buffer.from(runner)));

beforeEach(() => {
  checkout = temporaryFolder("runner-version-");
  folder = join(checkout, "dataset/a_task/task1");
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(checkout, "src/cooperbench"), { recursive: true });
  git("init", "-q");
  release("0.0.1", "one\n");
  release("0.0.2");
  release("0.0.3", "three\n");
  release("0.0.4", "four\n");
  git("checkout", "-q", "HEAD~2");
});

test("a runner is of the first version that had it, of those before and after the checkout's own", async () => {
  expect(await of("one\n")).toBe("0.0.1");
  expect(await of("three\n")).toBe("0.0.3");
  expect(await of("four\n")).toBe("0.0.4");
});

test("one that no commit has is of none, and so is one of a checkout that is not there", async () => {
  expect(await of("other\n")).toBeUndefined();
  expect(await versionOfRunner(join(checkout, "nowhere"), folder, "1".repeat(40))).toBeUndefined();
  expect(await versionOfRunner(checkout, folder, "")).toBeUndefined();
});

test("the id of a runner is the one that git gives it", () => {
  const bytes = readFileSync(join(folder, "runner.sh"));
  expect(gitBlobId(bytes)).toBe(git("hash-object", "--no-filters", join(folder, "runner.sh")).trim());
});
