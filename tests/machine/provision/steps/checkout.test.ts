import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { inspectCheckout } from "../../../../provision/steps/checkout/inspect.ts";
import { ensureCheckout, removeCheckout } from "../../../../provision/steps/checkout.ts";
import { lab1, lab2 } from "../../../owners.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let base: string;
let repository: string;
let folder: string;
let commits: { first: string; second: string };
let said: string[];
const say = (line: string) => said.push(line);

const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
    cwd,
    encoding: "utf8",
  }).trim();

function commit(file: string): string {
  writeFileSync(join(repository, file), file);
  git(repository, "add", ".");
  git(repository, "commit", "--quiet", "-m", file);
  return git(repository, "rev-parse", "HEAD");
}

beforeEach(() => {
  said = [];
  base = temporaryFolder("checkout-");
  repository = join(base, "origin");
  folder = join(base, "repos", "CooperBench");
  mkdirSync(repository);
  git(repository, "init", "--quiet");
  writeFileSync(join(repository, ".gitignore"), "logs/\n__pycache__/\n");
  for (const part of ["src/cooperbench", "dataset"]) mkdirSync(join(repository, part), { recursive: true });
  writeFileSync(join(repository, "dataset", "tasks.json"), "");
  writeFileSync(join(repository, "src", "cooperbench", "__init__.py"), "");
  commits = { first: commit("a"), second: commit("b") };
});

const ensure = (commit = commits.first) => ensureCheckout({ folder, owner: lab1, repository, commit }, say);
const head = () => git(folder, "rev-parse", "HEAD");

describe("where there is nothing", () => {
  test("the repository is cloned at the commit", async () => {
    expect(inspectCheckout(folder)).toBe("it is missing");
    expect(await ensure()).toEqual({ folder, commit: commits.first, wanted: commits.first, made: true });
    expect(head()).toBe(commits.first);
    expect(inspectCheckout(folder)).toBeUndefined();
  });

  test("a folder of the user's beside it stays, whatever its name", async () => {
    mkdirSync(`${folder}.partial/.git`, { recursive: true });
    await ensure();
    expect(existsSync(`${folder}.partial/.git`)).toBe(true);
    expect(head()).toBe(commits.first);
  });

  test("a repository that cannot be reached is named, and nothing is left", async () => {
    repository = join(base, "nowhere");
    await expect(ensure()).rejects.toThrow(/nowhere/);
    expect(existsSync(folder)).toBe(false);
  });

  test("a clone that breaks off is made again", async () => {
    const bin = join(base, "bin");
    mkdirSync(bin);
    const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
    const lines = [
      `case " $* " in *" clone "*) [ -e '${bin}/tried' ] || {`,
      `  : >'${bin}/tried'`,
      "  echo 'error: RPC failed; curl 56 Recv failure' >&2",
      "  exit 128",
      "} ;; esac",
      `exec '${real}' "$@"`,
    ];
    writeFileSync(join(bin, "git"), `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
    vi.stubEnv("PATH", `${bin}:${process.env.PATH}`);
    expect(await ensure().finally(() => vi.unstubAllEnvs())).toMatchObject({ made: true });
    expect(readdirSync(bin)).toContain("tried");
  });
});

describe("a checkout that the stack made", () => {
  beforeEach(() => ensure());

  test("is found good", async () => {
    expect(await ensure()).toEqual({ folder, commit: commits.first, wanted: commits.first, made: true });
    expect(said).toHaveLength(1);
  });

  test("is not removed by another stack", async () => {
    await removeCheckout(folder, lab2, say);
    expect(head()).toBe(commits.first);
  });

  test("is moved to another commit", async () => {
    expect((await ensure(commits.second)).commit).toBe(commits.second);
    expect(head()).toBe(commits.second);
    expect((await ensure(commits.first)).commit).toBe(commits.first);
  });

  test("is moved to a commit that came later", async () => {
    const third = commit("c");
    expect((await ensure(third)).commit).toBe(third);
  });

  test("goes on removal, but not a parent that was there before", async () => {
    folder = join(base, "mine", "CooperBench");
    mkdirSync(join(base, "mine"));
    await ensure();
    await removeCheckout(folder, lab1, say);
    expect(existsSync(folder)).toBe(false);
    expect(existsSync(join(base, "mine"))).toBe(true);
  });

  test("goes on removal, with the parent that was made for it, after a move, too", async () => {
    await ensure(commits.second);
    mkdirSync(join(folder, "__pycache__"));
    await removeCheckout(folder, lab1, say);
    expect(existsSync(join(base, "repos"))).toBe(false);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["a changed file", () => writeFileSync(join(folder, "a"), "mine"), /has changes \(a\)/],
    ["a new file", () => writeFileSync(join(folder, "mine"), ""), /has changes \(mine\)/],
    ["a commit", () => git(folder, "commit", "--quiet", "--allow-empty", "-m", "mine"), /HEAD was moved/],
    [
      "a branch with a commit",
      () => {
        git(folder, "switch", "--quiet", "-c", "mine");
        git(folder, "commit", "--quiet", "--allow-empty", "-m", "mine");
        git(folder, "switch", "--quiet", "--detach", commits.first);
      },
      /commits of its own/,
    ],
    [
      "a stash",
      () => {
        writeFileSync(join(folder, "a"), "mine");
        git(folder, "stash", "--quiet");
      },
      /stashed changes/,
    ],
  ])("with %s of the user's is left where it is, with a word", async (_, change, word) => {
    change();
    const before = head();
    expect((await ensure(commits.second)).note).toMatch(word);
    expect(head()).toBe(before);
    await removeCheckout(folder, lab1, say);
    expect(said.at(-1)).toMatch(word);
    expect(existsSync(folder)).toBe(true);
  });

  test("with results of runs is not removed", async () => {
    mkdirSync(join(folder, "logs"));
    writeFileSync(join(folder, "logs", "result.json"), "{}");
    await removeCheckout(folder, lab1, say);
    expect(said.at(-1)).toMatch(/files that the stack did not make \(logs\/\)/);
    expect(readFileSync(join(folder, "logs", "result.json"), "utf8")).toBe("{}");
  });
});

describe("a checkout that was there before", () => {
  beforeEach(() => {
    git(base, "clone", "--quiet", repository, folder);
  });

  test("is used at its own commit, with a word, and never removed", async () => {
    const found = await ensure();
    expect(found).toMatchObject({ commit: commits.second, made: false });
    expect(found.note).toContain(`git -C ${folder} checkout ${commits.first}`);
    await removeCheckout(folder, lab1, say);
    expect(head()).toBe(commits.second);
  });
});

test("a folder with files that is no checkout is refused and kept", async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "mine"), "");
  await expect(ensure()).rejects.toThrow(
    / has files, and is not a git checkout .*\nFix: .*cooperbenchDir FOLDER\nFix: move it away/s,
  );
  expect(existsSync(join(folder, "mine"))).toBe(true);
});
