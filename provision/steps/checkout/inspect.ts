import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkoutMarker } from "./marker.ts";

/** What stands for all files of a checkout that a run needs. */
const needed = ["src/cooperbench/__init__.py", "dataset"];

/** Whether a checkout has no source or no dataset of CooperBench. */
export const isGutted = (folder: string) => needed.some((path) => !existsSync(join(folder, path)));

/**
 * What is wrong with a checkout at first sight: files alone are looked at, no program is run. Undefined where nothing is.
 */
export function inspectCheckout(folder: string): string | undefined {
  if (!existsSync(folder)) return "it is missing";
  if (!existsSync(join(folder, ".git"))) return "it is no git checkout";
  const head = headIn(folder);
  if (head === undefined) return "its HEAD cannot be read";
  const marker = checkoutMarker(folder);
  if (marker?.moving !== undefined) return `a move to commit ${marker.moving.to} was cut off`;
  const missing = needed.find((path) => !existsSync(join(folder, path)));
  if (missing !== undefined) return `it has no ${missing}`;
  const known = marker?.seen ?? marker?.commit;
  return known !== undefined && head !== known ? `its HEAD was moved to ${head}` : undefined;
}

/** The commit that a checkout's HEAD is at, as its files say; undefined where they say nothing. */
function headIn(folder: string): string | undefined {
  try {
    let dir = join(folder, ".git");
    // In a linked worktree and in a submodule it is a file that names the folder.
    if (statSync(dir).isFile())
      dir = resolve(folder, /^gitdir: (.+)$/m.exec(readFileSync(dir, "utf8"))?.[1] ?? "");
    const head = readFileSync(join(dir, "HEAD"), "utf8").trim();
    const branch = /^ref: (refs\/\S+)$/.exec(head)?.[1];
    if (branch === undefined) return isCommit(head) ? head : undefined;
    // A linked worktree shares the branches of the repository that it belongs to.
    const shared = existsSync(join(dir, "commondir"))
      ? resolve(dir, readFileSync(join(dir, "commondir"), "utf8").trim())
      : dir;
    const commit = existsSync(join(shared, branch))
      ? readFileSync(join(shared, branch), "utf8").trim()
      : packedRef(shared, branch);
    return isCommit(commit) ? commit : undefined;
  } catch {
    return undefined;
  }
}

const isCommit = (text: string | undefined) => text !== undefined && /^[0-9a-f]{40,64}$/.test(text);

function packedRef(dir: string, name: string): string | undefined {
  const lines = readFileSync(join(dir, "packed-refs"), "utf8").split("\n");
  return lines.find((line) => line.endsWith(` ${name}`))?.split(" ")[0];
}
