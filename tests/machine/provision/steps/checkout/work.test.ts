import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { lab1, lab2 } from "../../../../owners.ts";
import { CheckoutLab, put, treeOf, userGit } from "./lab.ts";

let lab: CheckoutLab;
let clean: string;
beforeAll(async () => {
  lab = new CheckoutLab();
  await lab.ensure();
  clean = lab.copy("clean");
});
beforeEach(() => {
  lab.said.length = 0;
  if (!existsSync(lab.folder)) cpSync(clean, lab.folder, { recursive: true, preserveTimestamps: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(lab.folder, { recursive: true, force: true });
});
afterAll(() => lab.close());

const at = (path: string) => join(lab.folder, path);
const ownCommit = () => {
  put(at("src/mine.py"), "mine");
  lab.git("add", "src/mine.py");
  lab.git("commit", "--quiet", "-m", "mine");
  const commit = lab.git("rev-parse", "HEAD");
  lab.git("checkout", "--quiet", "--detach", lab.first);
  return commit;
};
const forgetReflog = () => lab.git("reflog", "expire", "--expire=now", "--all");

describe("a checkout goes on destroy", () => {
  test.each<[string, () => unknown]>([
    ["as it was made", () => {}],
    ["with compiled Python", () => put(at("src/cooperbench/__pycache__/a.cpython-311.pyc"))],
    ["with what setuptools leaves", () => put(at("src/cooperbench.egg-info/PKG-INFO"), "x")],
    ["with the tags of its clone", () => expect(lab.git("tag")).toContain("v1-annotated")],
    ["with a plain tag on upstream's commit", () => lab.git("tag", "here", lab.first)],
    [
      "with what a fetch brought",
      () => {
        put(join(lab.repository, "later"), "later");
        lab.commit("later");
        lab.git("fetch", "--quiet", "origin");
      },
    ],
    ["with files whose times were changed", () => lab.git("checkout-index", "--force", "--all")],
    [
      "with a marker of old",
      () => writeFileSync(lab.markerFile, JSON.stringify({ stack: "lab-1", commit: lab.first })),
    ],
  ])("%s", async (_, change) => {
    change();
    await lab.remove();
    expect(lab.said).toEqual([]);
    expect(existsSync(lab.folder)).toBe(false);
  });
});

describe("a checkout stays on destroy, whole, and what keeps it is named:", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "a commit under a tag",
      () => lab.git("tag", "mine", ownCommit()),
      /commits of its own \(refs\/tags\/mine\)/,
    ],
    [
      "a commit under a tag alone",
      () => {
        lab.git("tag", "mine", ownCommit());
        forgetReflog();
      },
      /refs\/tags\/mine/,
    ],
    [
      "a tag with a text of one's own",
      () => lab.git("tag", "--annotate", "-m", "mine", "mine"),
      /tags of its own \(refs\/tags\/mine\)/,
    ],
    ["a commit that the reflog alone holds", ownCommit, /commits of its own \([0-9a-f]{12}\)/],
    ["a note", () => lab.git("notes", "add", "-m", "mine"), /refs\/notes\/commits/],
    ["a commit under another ref", () => lab.git("update-ref", "refs/mine/x", ownCommit()), /refs\/mine\/x/],
    [
      "a file under another ref",
      () => lab.git("update-ref", "refs/mine/blob", lab.git("hash-object", "-w", at(".gitignore"))),
      /refs\/mine\/blob/,
    ],
    [
      "a stash",
      () => {
        put(at("dataset/task0"), "mine");
        lab.git("stash", "--quiet");
      },
      /stashed changes \(refs\/stash\)/,
    ],
    [
      "a linked worktree",
      () => lab.git("worktree", "add", "--quiet", "--detach", join(lab.base, `linked-${Date.now()}`)),
      /linked worktree .*linked-/,
    ],
    [
      "a change in a file of skip-worktree",
      () => {
        lab.git("update-index", "--skip-worktree", "dataset/task0");
        put(at("dataset/task0"), "mine");
      },
      /not to look at \(dataset\/task0\)/,
    ],
    [
      "a change in a file that is assumed unchanged",
      () => {
        lab.git("update-index", "--assume-unchanged", "dataset/task0");
        put(at("dataset/task0"), "mine");
      },
      /not to look at \(dataset\/task0\)/,
    ],
    ["a new file", () => put(at("mine.txt")), /changes \(mine\.txt\)/],
    ["a new file of a name with quotes and lines", () => put(at('mi"ne\n.txt')), /mi"ne\n\.txt/],
    ["an ignored file", () => put(at("ignored.txt")), /did not make \(ignored\.txt\)/],
    ["a file in __pycache__", () => put(at("src/__pycache__/mine.txt")), /src\/__pycache__\/mine\.txt/],
    ["a file in an *.egg-info", () => put(at("src/x.egg-info/mine.txt")), /src\/x\.egg-info\/mine\.txt/],
    [
      "a file that git's own list ignores",
      () => {
        put(at(".git/info/exclude"), "mine\n");
        put(at("mine"));
      },
      /\.git\/info\/exclude/,
    ],
    [
      "a staged change",
      () => {
        put(at("dataset/task0"), "mine");
        lab.git("add", "dataset/task0");
        put(at("dataset/task0"), "first 0\n");
      },
      /changes \(dataset\/task0\)/,
    ],
    ["a deleted file", () => lab.git("rm", "--quiet", "dataset/task0"), /changes \(dataset\/task0\)/],
    ["a hook", () => put(at(".git/hooks/pre-commit"), "#!/bin/sh\n"), /\.git\/hooks\/pre-commit/],
    ["a setting", () => lab.git("config", "alias.x", "status"), /git's setting alias\.x/],
    [
      "another address of the origin",
      () => lab.git("remote", "set-url", "origin", "/mine"),
      /remote\.origin\.url/,
    ],
    ["a merge that is under way", () => put(at(".git/MERGE_MSG")), /\.git\/MERGE_MSG/],
    ["a repository inside it", () => userGit(lab.base, "init", "--quiet", at("nested")), /nested\//],
    [
      "a subset of one's own",
      () => put(at("dataset/subsets/machine-smoke.json"), "{}"),
      /machine-smoke\.json/,
    ],
    ["an environment of one's own", () => put(at(".venv/mine")), /\.venv\//],
    ["a .env of one's own", () => put(at(".env"), "A=1"), /\.env/],
  ])("%s", async (_, change, word) => {
    change();
    const before = treeOf(lab.folder);
    await lab.remove();
    expect(lab.said.join("\n")).toMatch(word);
    expect(lab.said).toHaveLength(1);
    expect(treeOf(lab.folder)).toEqual(before);
    lab.git("status");
  });

  test("and it is nobody's then: another stack may use the folder, and the stack itself has it back", async () => {
    put(at("logs/result.json"));
    await lab.remove();
    expect((await lab.ensure(lab.first, { owner: lab2 })).made).toBe(false);
    expect((await lab.ensure(lab.first, { isNew: true })).made).toBe(true);
    await expect(lab.ensure(lab.first, { owner: lab2 })).rejects.toThrow(/things of stack lab-1/);
  });
});

describe("no setting of the user's changes what is seen or done:", () => {
  const settings: readonly [string, Readonly<Record<string, string>>][] = [
    ["status.showUntrackedFiles", { "status.showUntrackedFiles": "no" }],
    ["core.excludesFile", { "core.excludesFile": "EXCLUDES" }],
    ["core.attributesFile", { "core.attributesFile": "ATTRIBUTES" }],
    ["core.autocrlf", { "core.autocrlf": "true", "core.eol": "crlf" }],
    ["core.hooksPath", { "core.hooksPath": "HOOKS" }],
    ["init.templateDir", { "init.templateDir": "TEMPLATE" }],
    ["core.fsmonitor", { "core.fsmonitor": "HOOKS/fsmonitor" }],
    [
      "colours and prefixes",
      { "color.ui": "always", "diff.noprefix": "true", "diff.mnemonicPrefix": "true" },
    ],
    ["status.short", { "status.short": "true", "status.branch": "true", "status.relativePaths": "true" }],
    ["log.showSignature", { "log.showSignature": "true", "log.date": "relative", "core.abbrev": "4" }],
    ["names", { "init.defaultBranch": "trunk", "clone.defaultRemoteName": "upstream" }],
    ["what a clone writes down", { "core.sharedRepository": "group", "branch.autoSetupRebase": "always" }],
    ["submodule.recurse", { "submodule.recurse": "true", "diff.ignoreSubmodules": "all" }],
    ["core.quotePath", { "core.quotePath": "true", "core.precomposeUnicode": "true" }],
    ["checkout.workers", { "checkout.workers": "4", "feature.manyFiles": "true", "index.version": "4" }],
  ];
  beforeEach(() => {
    put(join(lab.base, "excludes"), "*.txt\n");
    put(join(lab.base, "attributes"), "* filter=mine\n");
    for (const hook of ["post-checkout", "reference-transaction", "fsmonitor", "post-index-change"]) {
      put(join(lab.base, "hooks", hook), `#!/bin/sh\necho ${hook} >> ${lab.base}/ran\n`);
      chmodSync(join(lab.base, "hooks", hook), 0o755);
    }
    cpSync(join(lab.base, "hooks"), join(lab.base, "template", "hooks"), { recursive: true });
  });

  /** Has the processes of the test run with a user's settings. */
  function live(set: Readonly<Record<string, string>>): void {
    const file = join(lab.base, "gitconfig");
    writeFileSync(file, '[filter "mine"]\n\tclean = tr a-z A-Z\n\tsmudge = tr a-z A-Z\n');
    for (const [key, value] of Object.entries(set)) {
      const path = value.replace(/^[A-Z]{4,}/, (name) => join(lab.base, name.toLowerCase()));
      userGit(lab.base, "config", "--file", file, key, path);
    }
    vi.stubEnv("GIT_CONFIG_GLOBAL", file);
  }

  test.each(settings)("%s", async (_, set) => {
    rmSync(lab.folder, { recursive: true });
    live(set);
    await lab.ensure();
    expect(treeOf(lab.folder)).toEqual(treeOf(clean));
    await lab.ensure(lab.second);
    expect(readFileSync(at("src/cooperbench/__init__.py"), "utf8")).toBe("version = 2, which is longer\n");
    await lab.ensure(lab.first);
    expect(treeOf(lab.folder)).toEqual(treeOf(clean));
    put(at("mine.txt"));
    lab.said.length = 0;
    await lab.remove();
    expect(lab.said.join()).toMatch(/changes \(mine\.txt\)$/);
    rmSync(at("mine.txt"));
    await lab.remove();
    expect(existsSync(lab.folder)).toBe(false);
    expect(existsSync(join(lab.base, "ran"))).toBe(false);
  });

  test("the same settings in the checkout itself keep it", async () => {
    lab.git("config", "status.showUntrackedFiles", "no");
    put(at("mine.txt"));
    await lab.remove();
    expect(existsSync(at("mine.txt"))).toBe(true);
  });

  test("variables that lead git elsewhere", async () => {
    rmSync(lab.folder, { recursive: true });
    mkdirSync(join(lab.base, "elsewhere"), { recursive: true });
    const elsewhere = join(lab.base, "elsewhere");
    userGit(elsewhere, "init", "--quiet");
    for (const [name, value] of [
      ["GIT_DIR", join(elsewhere, ".git")],
      ["GIT_WORK_TREE", elsewhere],
      ["GIT_INDEX_FILE", join(elsewhere, "index")],
      ["GIT_OBJECT_DIRECTORY", join(elsewhere, ".git/objects")],
      ["GIT_TEMPLATE_DIR", join(lab.base, "template")],
      ["GIT_CONFIG_COUNT", "1"],
      ["GIT_CONFIG_KEY_0", "status.showUntrackedFiles"],
      ["GIT_CONFIG_VALUE_0", "no"],
      ["GIT_LITERAL_PATHSPECS", "1"],
    ] as const)
      vi.stubEnv(name, value);
    await lab.ensure();
    await lab.ensure(lab.second);
    put(at("mine.txt"));
    await lab.remove(lab1);
    vi.unstubAllEnvs();
    expect(lab.said.at(-1)).toMatch(/changes \(mine\.txt\)/);
    expect(lab.git("rev-parse", "HEAD")).toBe(lab.second);
    expect(treeOf(elsewhere)).toEqual({});
  });
});

test.runIf(process.getuid?.() === 0)("root asks git of another user's checkout, too", async () => {
  execFileSync("chown", ["-R", "1234", lab.folder]);
  expect((await lab.ensure()).commit).toBe(lab.first);
  await lab.remove();
  expect(existsSync(lab.folder)).toBe(false);
});

test("a checkout without a repository of its own is not answered for by one above it", async () => {
  userGit(lab.base, "init", "--quiet");
  userGit(lab.base, "commit", "--quiet", "--allow-empty", "-m", "above");
  rmSync(at(".git/HEAD"));
  await expect(lab.ensure()).rejects.toThrow(/not a git repository/);
  await lab.remove();
  expect(lab.said.at(-1)).toMatch(/is left: git .* can only be used inside a git repository/s);
  expect(existsSync(lab.folder)).toBe(true);
  rmSync(join(lab.base, ".git"), { recursive: true });
});
