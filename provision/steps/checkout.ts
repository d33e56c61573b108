/** The checkout of CooperBench: made, found, moved, and removed by the stack that made it. */

import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { list } from "../../lib/list.ts";
import { realPlace } from "../../lib/place.ts";
import { Problem } from "../../lib/problem.ts";
import { shellWord } from "../../lib/shell-word.ts";
import { refuseOthers } from "../ownership/folder-owners.ts";
import type { Holder } from "../ownership/holder.ts";
import { removeLeftovers } from "./checkout/beside.ts";
import { cloneInto } from "./checkout/clone.ts";
import { headOf } from "./checkout/git.ts";
import { inspectCheckout, isGutted } from "./checkout/inspect.ts";
import { type CheckoutMarker, checkoutMarker, markCheckout } from "./checkout/marker.ts";
import { completeMove, moveTo } from "./checkout/move.ts";
import { restoreMissing } from "./checkout/restore.ts";
import { refuseCopiedSettings, standingOf } from "./checkout/standing.ts";
import { workIn } from "./checkout/work.ts";

export { removeCheckout } from "./checkout/remove.ts";

/** The checkout of CooperBench that is wanted. */
export interface Checkout {
  /** Absolute folder of the checkout. */
  readonly folder: string;
  /** The stack that it is for. */
  readonly owner: Holder;
  /** Git repository that it is cloned from. */
  readonly repository: string;
  /** Commit, 40 hex digits. */
  readonly commit: string;
  /** Whether the stack's state has no such checkout yet. Default: false. */
  readonly isNew?: boolean;
}

/** The checkout that is there. */
export interface CheckoutResult {
  readonly folder: string;
  /** The commit that it is at: not the wanted one where the user has moved it. */
  readonly commit: string;
  /** Whether the stack made it, and so may move it and remove it. */
  readonly made: boolean;
  /** What the user should know of it. */
  readonly note?: string;
}

/**
 * Clones the repository at the commit, or finds a checkout. One that the stack made is moved to the commit where
 * that loses nothing; one that the user made or changed is left as it is, with a note.
 *
 * @throws a Problem where something in the folder is another stack's: nothing is changed then.
 */
export async function ensureCheckout(
  given: Checkout,
  report: (line: string) => void,
): Promise<CheckoutResult> {
  const wanted = { ...given, folder: realPlace(given.folder) };
  const { folder, owner, repository, commit } = wanted;
  await removeLeftovers(folder, owner);
  refuseOthers(folder, owner);
  if (await isAbsentOrEmpty(folder)) {
    report(`cloning ${repository} into ${folder}`);
    if (await cloneInto(wanted)) return { folder, commit, made: true };
    refuseOthers(folder, owner); // another stack's, made in the meantime
  }
  if (!existsSync(join(folder, ".git"))) {
    throw new Problem(
      `${folder}: got a folder with files, want a git checkout of CooperBench or nothing; move it away, or set cooperbenchDir to another folder`,
    );
  }
  const standing = standingOf(folder, owner);
  if (standing.kind !== "own") {
    const why = standing.kind === "users" ? standing.why : `it is stack ${standing.owner.stack}'s`;
    return useAsItIs(wanted, why, report);
  }
  if (wanted.isNew) refuseCopiedSettings(standing.marker, owner);
  const marker = adopt(folder, standing.marker, owner);
  if (standing.line !== undefined) report(standing.line);
  return ensureOwn(wanted, marker, report);
}

/** A checkout of the user's. */
async function useAsItIs(
  wanted: Checkout,
  why: string,
  report: (line: string) => void,
): Promise<CheckoutResult> {
  const { folder, commit } = wanted;
  const head = await headOf(folder);
  if (isGutted(folder)) {
    throw new Problem(
      `${folder}: ${inspectCheckout(folder)}; ${why}.\nFix: git -C ${shellWord(folder)} checkout HEAD -- src dataset, or set cooperbenchDir to another folder`,
    );
  }
  if (head === commit) return { folder, commit, made: false };
  return { folder, commit: head, made: false, note: told(leftNote(wanted, head, why), report) };
}

/** A checkout of the stack's. */
async function ensureOwn(
  wanted: Checkout,
  found: CheckoutMarker,
  report: (line: string) => void,
): Promise<CheckoutResult> {
  const { folder, owner, commit } = wanted;
  let marker = found;
  const move = marker.moving;
  if (move !== undefined) {
    report(`completing the move of ${folder} from ${move.from} to ${move.to}, which was cut off`);
    await completeMove(folder, marker, move, owner);
    marker = checkoutMarker(folder) ?? marker;
  }
  const head = await headOf(folder);
  if (head !== commit) {
    const kept = (await workIn(folder, marker, owner, "move")) ?? (await moveOn());
    if (kept !== undefined) {
      if (head !== marker.commit || marker.seen !== undefined)
        markCheckout(folder, { ...marker, seen: head === marker.commit ? undefined : head });
      return { folder, commit: head, made: true, note: told(leftNote(wanted, head, kept), report) };
    }
    return { folder, commit, made: true };
  }
  if (marker.commit !== commit || marker.seen !== undefined)
    markCheckout(folder, { ...marker, commit, seen: undefined });
  const restored = await restoreMissing(folder);
  if (restored > 0) report(`${folder}: ${restored} missing files of src and dataset are there again`);
  const fault = inspectCheckout(folder);
  if (fault !== undefined)
    throw new Problem(
      `${folder}: ${fault}, and its work is yours to keep or drop.\nFix: git -C ${shellWord(folder)} checkout HEAD -- src dataset`,
    );
  return { folder, commit, made: true };

  async function moveOn(): Promise<string | undefined> {
    report(`moving ${folder} from ${head} to ${commit}`);
    const inTheWay = await moveTo(folder, marker, wanted);
    return inTheWay.length > 0
      ? `files that the stack did not make are in the way (${list(inTheWay)})`
      : undefined;
  }
}

/** Writes the marker again where it does not say what is so. */
function adopt(folder: string, marker: CheckoutMarker, owner: Holder): CheckoutMarker {
  const { left: _, ...kept } = marker;
  // The parents that were made for it are where it was.
  const madeParent = marker.path === undefined || marker.path === folder ? marker.madeParent : undefined;
  const adopted = { ...kept, ...owner, path: folder, madeParent };
  if (JSON.stringify(adopted) !== JSON.stringify({ ...marker, madeParent: marker.madeParent }))
    markCheckout(folder, adopted);
  return adopted;
}

function leftNote({ folder, repository, commit }: Checkout, head: string, why: string): string {
  return `${folder} is at ${head}, not at ${commit}, and is left as it is: ${why}. To move it: git -C ${shellWord(folder)} fetch ${repository} && git -C ${shellWord(folder)} checkout ${commit}`;
}

function told(line: string, report: (line: string) => void): string {
  report(line);
  return line;
}

async function isAbsentOrEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
    throw new Problem(
      `${folder}: want a folder, got ${(error as Error).message}; move it away, or set cooperbenchDir`,
    );
  }
}
