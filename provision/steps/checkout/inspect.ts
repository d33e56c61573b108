import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Fault, machine } from "../../../lib/remedy.ts";
import { checkoutMarker } from "./marker.ts";

/** What stands for all files of a checkout that a run needs. */
const needed = ["src/cooperbench/__init__.py", "dataset"];

/** Whether a checkout has no source or no dataset of CooperBench. */
export const isGutted = (folder: string) => needed.some((path) => !existsSync(join(folder, path)));

/** What keeps a stack from making or using its checkout in a folder; undefined where nothing does. */
export function inTheWayOf(folder: string, stack: string): Fault | undefined {
  if (names(folder).length === 0) return undefined;
  const another = machine("set", stack, "cooperbenchDir", "FOLDER");
  if (!existsSync(join(folder, ".git")))
    return {
      found: `${folder} has files, and is not a git checkout of CooperBench`,
      remedies: [another, { advice: "move it away" }],
    };
  // What the stack has made it also makes whole.
  if (checkoutMarker(folder) !== undefined || !isGutted(folder)) return undefined;
  const restore = ["git", "-C", folder, "checkout", "HEAD", "--", "src", "dataset"];
  return {
    found: `${folder}: ${inspectCheckout(folder)}, and this stack did not make it`,
    remedies: [{ command: restore }, another],
  };
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it is not there, or no folder
  }
}

/**
 * What is wrong with a checkout at first sight: files alone are looked at, no program is run. Undefined where nothing is.
 */
export function inspectCheckout(folder: string): string | undefined {
  if (!existsSync(folder)) return "it is missing";
  if (!existsSync(join(folder, ".git"))) return "it is not a git checkout";
  const head = headIn(folder);
  if (head === undefined) return "its HEAD cannot be read";
  const marker = checkoutMarker(folder);
  if (marker?.moving !== undefined) return `a move to commit ${marker.moving.to} was cut off`;
  const missing = needed.find((path) => !existsSync(join(folder, path)));
  if (missing !== undefined) return `it has no ${missing}`;
  const known = marker?.seen ?? marker?.commit;
  return known !== undefined && head !== known ? `its HEAD was moved to ${head}` : undefined;
}

/** The commit that a checkout of the user's is at: one that no stack has made, and so none moves. */
export function headOfUsers(folder: string): string | undefined {
  return checkoutMarker(folder) === undefined ? headIn(folder) : undefined;
}

/** The commit that a checkout's HEAD is at, as its files say; undefined where they say nothing. */
export function headIn(folder: string): string | undefined {
  try {
    let dir = join(folder, ".git");
    // In a linked worktree and in a submodule it is a file that names the folder.
    if (statSync(dir).isFile())
      dir = resolve(folder, /^gitdir: (.+)$/m.exec(readFileSync(dir, "utf8"))?.[1] ?? "");
    // A linked worktree shares the branches of the repository that it belongs to.
    const shared = existsSync(join(dir, "commondir"))
      ? resolve(dir, readFileSync(join(dir, "commondir"), "utf8").trim())
      : dir;
    let found = readFileSync(join(dir, "HEAD"), "utf8").trim();
    for (let names = 0; names < mostNames; names++) {
      const branch = /^ref: (refs\/\S+)$/.exec(found)?.[1];
      if (branch === undefined) break;
      found = refIn(shared, branch);
    }
    return /^[0-9a-f]{40,64}$/.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** How many names git follows, each of which may stand for another. */
const mostNames = 5;

/** What a reference is at, a commit or another name; empty where there is none. */
function refIn(dir: string, name: string): string {
  const file = join(dir, name);
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  const lines = readFileSync(join(dir, "packed-refs"), "utf8").split("\n");
  return lines.find((line) => line.endsWith(` ${name}`))?.split(" ")[0] ?? "";
}
