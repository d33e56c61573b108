import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { smokeSubsetFile } from "../../../benchmark/smoke-subset.ts";
import { entryAt } from "../../../lib/files.ts";
import type { Owner } from "../../ownership/owner.ts";
import { isOwnSubset } from "../subset.ts";
import { gitList } from "./git.ts";

/** What setuptools writes into the *.egg-info folder of an editable install. */
const eggInfo =
  /^(PKG-INFO|SOURCES\.txt|dependency_links\.txt|depends\.txt|eager_resources\.txt|entry_points\.txt|namespace_packages\.txt|not-zip-safe|requires\.txt|top_level\.txt|zip-safe)$/;
const compiled = /\.pyc(\.\d+)?$/;

/**
 * Files that are changed, or new.
 *
 * @param owner whose `.venv`, `.env` and subset are no change, since a move keeps them; undefined for a removal, before
 *   which each of them has gone where it was the stack's.
 */
export async function changedFiles(folder: string, owner?: Owner): Promise<readonly string[]> {
  return (await statusOf(folder, "--ignored=no"))
    .filter(({ path }) => owner === undefined || !isKept(folder, path, owner))
    .flatMap(({ code, path }) => (code === "??" ? notLitter(folder, path) : [path]));
}

/** Files that git ignores, such as the results of runs, but those that an install and a run leave behind. */
export async function otherFiles(folder: string): Promise<readonly string[]> {
  return (await statusOf(folder, "--ignored=matching"))
    .filter(({ code }) => code === "!!")
    .flatMap(({ path }) => notLitter(folder, path));
}

/** Files that git was told to take for unchanged (skip-worktree, assume-unchanged), and that are changed. */
export async function hiddenChanges(folder: string): Promise<readonly string[]> {
  const hidden = (await gitList(folder, ["ls-files", "-v", "-z"]))
    .filter((entry) => /^[a-zS]/.test(entry))
    .map((entry) => entry.slice(2))
    .filter((path) => entryAt(join(folder, path)) !== undefined);
  if (hidden.length === 0) return [];
  // Asked with a copy of the index in which nothing is hidden.
  const temporary = mkdtempSync(join(tmpdir(), "cooperbench-machine-index-"));
  try {
    const index = join(temporary, "index");
    copyFileSync(join(folder, ".git", "index"), index);
    const input = hidden.map((path) => `${path}\0`).join("");
    for (const flag of ["--no-skip-worktree", "--no-assume-unchanged"])
      await gitList(folder, ["update-index", flag, "-z", "--stdin"], {
        input,
        env: { GIT_INDEX_FILE: index },
      });
    const changed = await gitList(folder, ["diff-files", "--name-only", "-z"], {
      env: { GIT_INDEX_FILE: index },
    });
    const asked = new Set(hidden);
    return changed.filter((path) => asked.has(path));
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** Whether a new file is the stack's own, with a step of its own that makes and removes it. */
export function isKept(folder: string, path: string, owner: Owner): boolean {
  if (path === ".env" || /^\.venv(\/|$|\.kept-)/.test(path)) return true;
  return path === smokeSubsetFile && isOwnSubset(folder, owner);
}

/** What of a new file, or of a folder of new files, is not what an install and a run leave behind. */
export function notLitter(folder: string, path: string): readonly string[] {
  if (!path.endsWith("/")) return isLitter(path) ? [] : [path];
  const isRead = /(^|\/)__pycache__\/$|\.egg-info\/$/.test(path);
  if (!isRead) return [path];
  return readdirSync(join(folder, path), { withFileTypes: true })
    .filter((entry) => !entry.isFile() || !isLitter(path + entry.name))
    .map(({ name }) => path + name);
}

function isLitter(path: string): boolean {
  const name = basename(path);
  return compiled.test(name) || (/\.egg-info$/.test(dirname(path)) && eggInfo.test(name));
}

async function statusOf(folder: string, ignored: string) {
  const entries = await gitList(folder, [
    "status",
    "--porcelain=v1",
    "-z",
    "--no-renames",
    "--untracked-files=all",
    "--ignore-submodules=none",
    ignored,
  ]);
  return entries.map((entry) => ({ code: entry.slice(0, 2), path: entry.slice(3) }));
}
