import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { headIn, headOfUsers } from "../../../../../provision/steps/checkout/inspect.ts";
import { CheckoutLab, put, userGit } from "./lab.ts";

const base = realpathSync(mkdtempSync(join(tmpdir(), "head-")));
afterAll(() => rmSync(base, { recursive: true }));

/** A folder that is not there yet. */
const place = () => join(mkdtempSync(join(base, "of-")), "checkout");

/** A repository with one commit, on a branch. */
function repository(...options: readonly string[]): string {
  const folder = place();
  put(join(folder, "file"), "text\n");
  userGit(folder, "init", "--quiet", "--initial-branch=main", ...options);
  userGit(folder, "add", "--all");
  userGit(folder, "commit", "--quiet", "-m", "one");
  return folder;
}

const kinds: readonly (readonly [string, () => string])[] = [
  ["on a branch", () => repository()],
  ["with hashes of SHA-256", () => repository("--object-format=sha256")],
  [
    "with no commit in hand",
    () => {
      const folder = repository();
      userGit(folder, "checkout", "--quiet", "--detach");
      return folder;
    },
  ],
  [
    "with packed references",
    () => {
      const folder = repository();
      userGit(folder, "tag", "--annotate", "-m", "t", "v1");
      userGit(folder, "branch", "main2");
      userGit(folder, "pack-refs", "--all");
      return folder;
    },
  ],
  [
    "with packed references that are older",
    () => {
      const folder = repository();
      userGit(folder, "pack-refs", "--all");
      userGit(folder, "commit", "--quiet", "--allow-empty", "-m", "two");
      return folder;
    },
  ],
  [
    "on a branch with slashes",
    () => {
      const folder = repository();
      userGit(folder, "checkout", "--quiet", "-b", "user/topic/a+b");
      return folder;
    },
  ],
  [
    "on a branch that has no commit",
    () => {
      const folder = repository();
      userGit(folder, "checkout", "--quiet", "--orphan", "empty");
      return folder;
    },
  ],
  [
    "on a name of a branch's",
    () => {
      const folder = repository();
      userGit(folder, "symbolic-ref", "refs/heads/alias", "refs/heads/main");
      userGit(folder, "symbolic-ref", "HEAD", "refs/heads/alias");
      return folder;
    },
  ],
  [
    "in a linked worktree",
    () => {
      const folder = repository();
      userGit(folder, "worktree", "add", "--quiet", "-b", "linked", `${folder}-linked`);
      return `${folder}-linked`;
    },
  ],
  [
    "in a linked worktree with packed references",
    () => {
      const folder = repository();
      userGit(folder, "worktree", "add", "--quiet", "-b", "linked", `${folder}-linked`);
      userGit(folder, "pack-refs", "--all");
      return `${folder}-linked`;
    },
  ],
  [
    "in a submodule",
    () => {
      const folder = repository();
      const add = ["submodule", "--quiet", "add", repository(), "inside"];
      userGit(folder, "-c", "protocol.file.allow=always", ...add);
      return join(folder, "inside");
    },
  ],
  [
    "with a git folder elsewhere",
    () => {
      const folder = place();
      put(join(folder, "file"));
      userGit(folder, "init", "--quiet", `--separate-git-dir=${folder}-git`);
      userGit(folder, "add", "--all");
      userGit(folder, "commit", "--quiet", "-m", "one");
      return folder;
    },
  ],
  ["that is none", () => join(base, "none")],
];

test.each(kinds)("the commit of a checkout %s is git's", (_, make) => {
  const folder = make();
  expect(headIn(folder)).toBe(commitOf(folder));
});

function commitOf(folder: string): string | undefined {
  try {
    return existsSync(folder) ? userGit(folder, "rev-parse", "--verify", "--quiet", "HEAD") : undefined;
  } catch {
    return undefined;
  }
}

test("a checkout of the user's is told by its commit, one that a stack has made is not", async () => {
  const lab = new CheckoutLab();
  try {
    await lab.ensure();
    expect([headIn(lab.folder), headOfUsers(lab.folder)]).toEqual([lab.first, undefined]);
    expect(headOfUsers(lab.repository)).toBe(lab.second);
    expect(headOfUsers(place())).toBeUndefined();
  } finally {
    lab.close();
  }
});
