import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { commitOfTag, commitOfVersion } from "../../../../../provision/steps/checkout/release.ts";
import { type Checkout, ensureCheckout } from "../../../../../provision/steps/checkout.ts";
import { lab1 } from "../../../../owners.ts";
import { putUvOnPath } from "../tiny-cooperbench.ts";
import { put, userGit } from "./lab.ts";

const base = realpathSync(mkdtempSync(join(tmpdir(), "release-")));
const origin = join(base, "origin");
const day = (number: number) => `2026-05-${String(number).padStart(2, "0")}T12:00:00Z`;

/** A wheel of a version, as an index of files: what is in it, and nothing that names its commit. */
function release(version: string, files: Readonly<Record<string, string>>): void {
  const make = `
import json, sys, zipfile
version, folder, files = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
with zipfile.ZipFile(f"{folder}/cooperbench-{version}-py3-none-any.whl", "w") as wheel:
    info = f"cooperbench-{version}.dist-info"
    files = {f"cooperbench/{name}": text for name, text in files.items()}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: cooperbench\\nVersion: {version}\\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[f"{info}/RECORD"] = "".join(f"{name},,\\n" for name in files)
    for name, text in files.items():
        wheel.writestr(name, text)
`;
  execFileSync("python3", ["-c", make, version, join(base, "wheels"), JSON.stringify(files)]);
}

function commit(message: string, at: string): string {
  userGit(origin, "add", "--all");
  execFileSync("git", ["-C", origin, "-c", "user.name=t", "-c", "user.email=t@e", "commit", "-qm", message], {
    env: { ...process.env, GIT_COMMITTER_DATE: at },
  });
  return userGit(origin, "rev-parse", "HEAD");
}

const about = (version: string) => `__version__ = "${version}"\n`;
const commits = { tagged: "", before: "", made: "", after: "", younger: "", next: "" };
beforeAll(async () => {
  await putUvOnPath();
  put(join(base, "wheels", "empty"));
  put(join(origin, "src/cooperbench/__about__.py"), about("0.0.1"));
  put(join(origin, "src/cooperbench/__init__.py"));
  put(join(origin, "dataset/subsets/lite.json"), "{}\n");
  put(join(origin, "src/cooperbench/data/page.html"), "one\r\n");
  put(join(origin, "src/cooperbench/left_out.py"), "tracked, and in no release\n");
  userGit(join(base, "origin"), "init", "--quiet");
  commits.tagged = commit("0.0.1", day(1));
  userGit(origin, "tag", "--annotate", "-m", "x", "v0.0.1");
  put(join(origin, "src/cooperbench/__about__.py"), about("0.0.2"));
  commits.before = commit("version, and a file yet to come", day(2));
  put(join(origin, "src/cooperbench/data/page.html"), "two\r\n");
  commits.made = commit("0.0.2", day(3));
  put(join(origin, "dataset/one"), "a fix of the dataset\n");
  commits.after = commit("dataset", day(4));
  put(join(origin, "dataset/one"), "another\n");
  commits.younger = commit("dataset again", day(6));
  put(join(origin, "src/cooperbench/__about__.py"), about("0.0.3"));
  commits.next = commit("0.0.3", day(7));
  release("0.0.2", { "__about__.py": about("0.0.2"), "data/page.html": "two\r\n" });
  release("0.0.3", { "__about__.py": about("0.0.3"), "data/page.html": "another\n" });
});
afterAll(() => rmSync(base, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

function ask(version: string, said: string[] = []) {
  vi.stubEnv("UV_FIND_LINKS", join(base, "wheels"));
  vi.stubEnv("UV_OFFLINE", "1");
  return commitOfVersion({ repository: origin, version, owner: lab1 }, (line) => said.push(line));
}

test("a version is the commit that its tag is on", async () => {
  expect(await ask("0.0.1")).toBe(commits.tagged);
});

describe("a version without a tag", () => {
  test("is the first commit that has the release's files, where the index does not say when that was", async () => {
    const said: string[] = [];
    expect(await ask("0.0.2", said)).toBe(commits.made);
    expect(said.join()).toContain("has no tag v0.0.2");
  });

  test("is refused where no commit has its files, and where there is no release, with what to do", async () => {
    await expect(ask("0.0.3")).rejects.toThrow(/no tag v0\.0\.3.*no commit[\s\S]*set \S+ cooperbenchCommit/);
    await expect(ask("0.0.4")).rejects.toThrow(
      /no tag v0\.0\.4.*cannot be fetched[\s\S]*set \S+ cooperbenchCommit/,
    );
  });

  test("leaves nothing in the folder for temporary files", async () => {
    const folder = mkdtempSync(join(base, "tmp-"));
    vi.stubEnv("TMPDIR", folder);
    await ask("0.0.2");
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("a tag with a text of its own is what it is on, and v goes before a bare number", () => {
  const listed = [
    "a\trefs/tags/0.0.5",
    "b\trefs/tags/v0.0.5",
    "c\trefs/tags/v0.0.5^{}",
    "d\trefs/tags/v0.0.50",
  ];
  expect(commitOfTag(listed.join("\n"), "0.0.5")).toBe("c");
  expect(commitOfTag(listed[0] as string, "0.0.5")).toBe("a");
  expect(commitOfTag("", "0.0.5")).toBeUndefined();
});

describe("how a step takes a version", () => {
  const folder = join(base, "repos", "CooperBench");
  const ensure = (more: Partial<Checkout>, said: string[] = []) =>
    ensureCheckout({ folder, owner: lab1, repository: origin, ...more }, (line) => said.push(line));

  test("its commit is looked up once, and kept where the tag moves", async () => {
    userGit(origin, "tag", "v0.0.2", commits.made);
    const made = await ensure({ version: "0.0.2", isNew: true });
    expect(made).toMatchObject({ commit: commits.made, wanted: commits.made, version: "0.0.2" });
    userGit(origin, "tag", "--force", "v0.0.2", commits.after);
    expect(await ensure({ version: "0.0.2", last: made })).toEqual(made);
  });

  test("another version moves it", async () => {
    expect(
      await ensure({ version: "0.0.1", last: { wanted: commits.made, version: "0.0.2" } }),
    ).toMatchObject({
      commit: commits.tagged,
      version: "0.0.1",
    });
  });

  test("without a version it stays where it is, and where its folder is gone, is made at the commit of the state", async () => {
    const said: string[] = [];
    expect(await ensure({}, said)).toMatchObject({ commit: commits.tagged });
    rmSync(folder, { recursive: true });
    // As the result of a program that is older than versions has it.
    expect(await ensure({ last: { commit: commits.before } }, said)).toMatchObject({
      commit: commits.before,
    });
    expect(said.join()).not.toContain("looking for");
    expect(said).toContainEqual(
      expect.stringContaining(`stays at commit ${commits.tagged}, which this stack has`),
    );
  });

  test("a checkout of the user's is known by its own files, and nobody is asked", async () => {
    const own = join(base, "own");
    userGit(base, "clone", "--quiet", origin, own);
    const ask = (version?: string) =>
      ensureCheckout({ folder: own, owner: lab1, repository: "/nowhere", version }, () => {});
    expect(await ask("0.0.3")).toEqual({ folder: own, commit: commits.next, made: false });
    expect(await ask()).toEqual({ folder: own, commit: commits.next, made: false });
    expect((await ask("0.0.2")).note).toMatch(/at version 0\.0\.3, not 0\.0\.2, and is left as it is/);
  });
});
