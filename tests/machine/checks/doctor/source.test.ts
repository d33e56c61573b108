import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askSource, sourceFinding } from "../../../../checks/doctor/source.ts";

const version = "0.0.29";
let folder: string;
let first: string;
let last: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "source-"));
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      encoding: "utf8",
    });
  git("init", "--quiet");
  const commit = () => {
    git("commit", "--quiet", "--allow-empty", "--message=one");
    return git("rev-parse", "HEAD").trim();
  };
  first = commit();
  last = commit();
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a commit is found at a ref, and behind one", async () => {
  expect(await askSource({ repository: folder, commit: last, version })).toBe("there");
  expect(await askSource({ repository: `file://${folder}`, commit: first, version })).toBe("there");
});

test("a commit that the repository lacks blocks an update, with the command", async () => {
  const source = { repository: `file://${folder}`, commit: "0123456789".repeat(4), version };
  const answer = await askSource(source);
  expect(answer).toBe("no-such-commit");
  const finding = sourceFinding(source, answer, "lab-1");
  expect(finding).toMatchObject({ check: "source", level: "blocker" });
  expect(finding.remedy).toMatch(/^ {2}\.\/machine set lab-1 cooperbenchCommit COMMIT$/m);
});

test("a repository that does not answer blocks it, too, with the reason", async () => {
  const source = { repository: `file://${folder}/none`, commit: last, version };
  const answer = await askSource(source);
  expect(answer).toEqual({ unreachable: expect.stringMatching(/none/) });
  expect(sourceFinding(source, answer, "lab-1")).toMatchObject({ level: "blocker" });
  expect(sourceFinding(source, undefined, "lab-1")).toMatchObject({ level: "ok" });
});

test("a version without a tag blocks nothing, and is told", async () => {
  const source = { repository: folder, commit: "", version };
  expect(await askSource(source)).toBe("no-tag");
  const finding = sourceFinding(source, "no-tag", "lab-1");
  expect(finding).toMatchObject({ level: "ok", found: expect.stringContaining("no tag v0.0.29") });
  execFileSync("git", ["-C", folder, "tag", "v0.0.29", first]);
  expect(await askSource(source)).toBe("there");
});
