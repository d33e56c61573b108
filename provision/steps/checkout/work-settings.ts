import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gitList } from "./git.ts";
import type { CheckoutMarker } from "./marker.ts";

/** What a clone, and git's own work in it, has in its .git. */
const ofGit =
  /^(HEAD|ORIG_HEAD|FETCH_HEAD|COMMIT_EDITMSG|config|description|index|sharedindex\..*|packed-refs|logs|refs|reftable|objects|hooks|info|branches|gc\.log|gc\.pid|fsmonitor--daemon.*|cooperbench-machine\.json.*|worktrees)$/;

/** Settings that a clone has. */
const ofClone =
  /^(core\.(repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|precomposeunicode|symlinks)|extensions\.(objectformat|refstorage)|remote\.origin\.(url|fetch)|branch\..*\.(remote|merge))$/;

/**
 * Hooks, settings, linked worktrees and other things in a checkout's .git that are not the clone's, by name. They may
 * make git run programs, and some change what it tells.
 */
export async function ownSettings(folder: string, marker: CheckoutMarker): Promise<readonly string[]> {
  const dir = join(folder, ".git");
  const ownKeys = (await settingsOf(folder))
    .filter(({ key, value }) => {
      if (
        !(ofClone.test(key) || marker.settings?.includes(key)) ||
        (key === "core.bare" && value !== "false")
      )
        return true;
      return key === "remote.origin.url" && marker.origin !== undefined && value !== marker.origin;
    })
    .map(({ key }) => key);
  return [
    ...ownKeys.map((key) => `git's setting ${key}`),
    ...names(join(dir, "hooks"))
      .filter((name) => !name.endsWith(".sample"))
      .map((name) => `.git/hooks/${name}`),
    ...names(join(dir, "worktrees")).map(
      (name) => `linked worktree ${worktreeOf(join(dir, "worktrees", name))}`,
    ),
    ...ownInfo(join(dir, "info")),
    ...names(dir)
      .filter((name) => !ofGit.test(name))
      .map((name) => `.git/${name}`),
  ];
}

/** The settings in a checkout's own file. */
export async function settingsOf(folder: string): Promise<readonly { key: string; value: string }[]> {
  const entries = await gitList(folder, ["config", "--local", "--no-includes", "--list", "-z"]);
  return entries.map((entry) => ({
    key: entry.split("\n", 1)[0] ?? "",
    value: entry.slice(entry.indexOf("\n") + 1),
  }));
}

/** In info/, a clone has a file `exclude` of comments. `refs` and `packs` are for servers of old. */
function ownInfo(folder: string): readonly string[] {
  return names(folder)
    .filter((name) => {
      if (name !== "exclude") return !/^(refs|commit-graphs)$/.test(name);
      return readFileSync(join(folder, name), "utf8")
        .split("\n")
        .some((line) => line.trim() !== "" && !line.startsWith("#"));
    })
    .map((name) => `.git/info/${name}`);
}

function worktreeOf(folder: string): string {
  try {
    return readFileSync(join(folder, "gitdir"), "utf8")
      .trim()
      .replace(/\/\.git$/, "");
  } catch {
    return folder;
  }
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
