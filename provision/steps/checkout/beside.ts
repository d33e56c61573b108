/**
 * Folders beside a checkout's place, in which it is made before it is renamed into place, and into which it is renamed
 * before it is removed. Each has an intent inside that says whose it is, so that one which was cut off is found again.
 */
import { mkdtempSync, readdirSync, statSync } from "node:fs";
import { rm, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { removeBegun } from "../../../lib/files.ts";
import { Problem } from "../../../lib/problem.ts";
import { isAtWork, thisProcess } from "../../../lib/process-id.ts";
import { type Marker, readMarker, writeMarker } from "../../ownership/marker.ts";
import { isOf, type Owner } from "../../ownership/owner.ts";
import { otherFolder } from "../../remedies.ts";

/** What a folder beside a checkout's place is for. */
export interface Intent extends Marker {
  /** Absolute path of the checkout that is made, or removed. */
  readonly path: string;
  /** The topmost folder above the checkout that is made, or goes, with it, absolute. */
  readonly madeParent?: string | undefined;
  /** The process that works in it, as `thisProcess` has it. */
  readonly maker: string;
}

const intentFile = (beside: string) => join(beside, "intent.json");
const nameOf = (path: string, { id }: Owner) =>
  `.${basename(path)}.cooperbench-machine-${id?.slice(0, 8) ?? "older"}-`;

/** The deepest folder above a path that is there. */
export function deepestFolder(path: string): string {
  const parent = dirname(path);
  const found = statSync(parent, { throwIfNoEntry: false });
  if (found?.isDirectory() || parent === path) return parent;
  if (found === undefined) return deepestFolder(parent);
  throw new Problem(`${parent} is not a folder, so ${path} cannot be made in it`, [
    otherFolder(),
    { command: ["mv", parent, `${parent}.old`] },
  ]);
}

/** The topmost folder above a path that is not there; undefined where all are. */
export function missingParent(path: string): string | undefined {
  const parent = dirname(path);
  if (parent === path || statSync(parent, { throwIfNoEntry: false }) !== undefined) return undefined;
  return missingParent(parent) ?? parent;
}

/**
 * Makes a folder beside a checkout's place, with the intent in it. Gives its path.
 *
 * @param madeParent the topmost folder above the checkout that goes with it. Default: the topmost that is not there.
 */
export function makeBeside(path: string, { stack, id }: Owner, madeParent?: string): string {
  const parent = deepestFolder(path);
  try {
    const beside = mkdtempSync(join(parent, nameOf(path, { stack, id })));
    writeMarker<Intent>(intentFile(beside), {
      stack,
      id,
      path,
      madeParent: madeParent ?? missingParent(path),
      maker: thisProcess(),
    });
    return beside;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Problem(
      `${path} cannot be made or removed: ${parent} cannot be written to (${code})`,
      [otherFolder(stack), { advice: `let this user write in ${parent} (chown, chmod)` }],
      { cause: error },
    );
  }
}

/** Removes a folder that `makeBeside` made, with what is in it. */
export const removeBeside = (beside: string) =>
  // git may be at work in it for a moment yet, where the step that ran it was killed.
  rm(beside, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });

/**
 * Removes what a stack's steps have left beside a checkout's place when they were cut off: a folder with their name and
 * an intent of this stack for this path inside, whose process is gone; and the parents that it had made, where they are
 * empty.
 */
export async function removeLeftovers(path: string, owner: Owner): Promise<void> {
  for (let parent = dirname(path); ; parent = dirname(parent)) {
    for (const name of entries(parent).filter((entry) => entry.startsWith(nameOf(path, owner)))) {
      const beside = join(parent, name);
      const intent = readMarker<Intent>(intentFile(beside));
      if (intent === undefined) await removeWithoutIntent(beside);
      else if (isOf(intent, owner) && intent.path === path && !isAtWork(intent.maker)) {
        await removeBeside(beside);
        if (intent.madeParent !== undefined) await removeEmptyParents(path, intent.madeParent);
      }
    }
    if (parent === dirname(parent)) return;
  }
}

/** Removes the folders above a path, from its own up to the topmost that was made for it, as far as they are empty. */
export async function removeEmptyParents(path: string, topmost: string): Promise<void> {
  for (let parent = dirname(path); parent.length >= topmost.length; parent = dirname(parent)) {
    if (parent !== topmost && !parent.startsWith(`${topmost}/`)) return;
    try {
      await rmdir(parent);
    } catch {
      return; // there is something in it, or it was never made
    }
  }
}

/** Cut off before the intent was there: nothing but its beginning can be in it. */
async function removeWithoutIntent(beside: string): Promise<void> {
  try {
    removeBegun(intentFile(beside));
    await rmdir(beside);
  } catch {
    // It is at work, or somebody has put something into it, or it is no folder, or not this user's.
  }
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it is not there, or not for this user to read: then nothing was made in it
  }
}
