/** The checkout of CooperBench: made, found, moved, and removed by the stack that made it. */

import { readdir } from "node:fs/promises";
import { newestVersion } from "../../benchmark/known-faults.ts";
import { list } from "../../lib/list.ts";
import { realPlace } from "../../lib/place.ts";
import { foundOf, Problem } from "../../lib/problem.ts";
import { shellWord } from "../../lib/shell-word.ts";
import { refuseOthers } from "../ownership/folder-owners.ts";
import type { Holder } from "../ownership/holder.ts";
import { otherFolder, restored } from "../remedies.ts";
import { removeLeftovers } from "./checkout/beside.ts";
import { cloneInto } from "./checkout/clone.ts";
import { headOf } from "./checkout/git.ts";
import { inspectCheckout, inTheWayOf, isGutted } from "./checkout/inspect.ts";
import { type CheckoutMarker, checkoutMarker, markCheckout } from "./checkout/marker.ts";
import { completeMove, moveTo } from "./checkout/move.ts";
import { commitOfVersion } from "./checkout/release.ts";
import { restoreMissing } from "./checkout/restore.ts";
import { refuseCopiedSettings, standingOf } from "./checkout/standing.ts";
import { versionIn } from "./checkout/version.ts";
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
  /** Commit, 40 hex digits. Default: that of `version`. */
  readonly commit?: string | undefined;
  /** Version of CooperBench, such as 0.0.29. Default: what the stack has, and else the newest that is known. */
  readonly version?: string | undefined;
  /** Whether the stack's state has no such checkout yet. Default: false. */
  readonly isNew?: boolean;
  /** What the stack's state has of it. Default: nothing. */
  readonly last?: Partial<CheckoutResult> | undefined;
}

/** A checkout with its commit looked up. */
type Resolved = Checkout & { readonly commit: string };

/** The checkout that is there. */
export interface CheckoutResult {
  readonly folder: string;
  /** The commit that it is at: not the wanted one where the user has moved it. */
  readonly commit: string;
  /** Whether the stack made it, and so may move it and remove it. */
  readonly made: boolean;
  /** The commit that is wanted; undefined for a checkout of the user's that is known by its version. */
  readonly wanted?: string;
  /** The version that this commit was looked up for; undefined for none. */
  readonly version?: string;
  /** What the user should know of it. */
  readonly note?: string;
}

/**
 * Clones the repository at the commit, or finds a checkout. One that the stack made is moved to the commit where
 * that loses nothing; one that the user made or changed is left as it is, with a note. A version becomes a commit once:
 * what the stack's state has of it stays.
 *
 * @throws a Problem where something in the folder is another stack's: nothing is changed then.
 */
export async function ensureCheckout(
  given: Checkout,
  report: (line: string) => void,
): Promise<CheckoutResult> {
  const there = { ...given, folder: realPlace(given.folder) };
  const { folder, owner, repository } = there;
  await removeLeftovers(folder, owner);
  refuseOthers(folder, owner);
  if (await isAbsentOrEmpty(folder)) {
    const wanted = await resolved(there, report);
    report(`cloning ${repository} into ${folder}`);
    if (await cloneInto(wanted)) return { ...asWanted(wanted), made: true };
    refuseOthers(folder, owner); // another stack's, made in the meantime
  }
  const obstacle = inTheWayOf(folder, owner.stack);
  if (obstacle !== undefined) throw new Problem(obstacle.found, obstacle.remedies);
  const standing = standingOf(folder, owner);
  if (standing.kind !== "own") {
    const why = standing.kind === "users" ? standing.why : `it is stack ${standing.owner.stack}'s`;
    return useAsItIs(there, why, report);
  }
  if (there.isNew) refuseCopiedSettings(standing.marker, owner);
  const marker = adopt(folder, standing.marker, owner);
  if (standing.line !== undefined) report(standing.line);
  return ensureOwn(await resolved(there, report, marker), marker, report);
}

/** Looks up the commit that is wanted. */
async function resolved(
  { commit, version, last, ...rest }: Checkout,
  report: (line: string) => void,
  marker?: CheckoutMarker,
): Promise<Resolved> {
  if (commit !== undefined) return { ...rest, commit };
  const kept = last?.wanted ?? marker?.commit ?? last?.commit;
  if (version === undefined && kept !== undefined) {
    report(`CooperBench stays at commit ${kept}, which this stack has: it sets neither version nor commit`);
    return { ...rest, commit: kept, version: last?.version };
  }
  const asked = version ?? newestVersion;
  if (last?.version === asked && last.wanted !== undefined)
    return { ...rest, commit: last.wanted, version: asked };
  const found = await commitOfVersion({ ...rest, version: asked }, report);
  report(`CooperBench ${asked} is commit ${found} of ${rest.repository}`);
  return { ...rest, commit: found, version: asked };
}

/** The result of a checkout that is at the commit that is wanted. */
function asWanted({ folder, commit, version }: Resolved): Omit<CheckoutResult, "made"> {
  return { folder, commit, wanted: commit, ...(version !== undefined && { version }) };
}

/** A checkout of the user's: where a version is wanted, its own files say which it has. */
async function useAsItIs(
  given: Checkout,
  why: string,
  report: (line: string) => void,
): Promise<CheckoutResult> {
  const { folder, commit, version } = given;
  const head = await headOf(folder);
  if (isGutted(folder)) {
    throw new Problem(`${folder}: ${inspectCheckout(folder)}, and it is left as it is: ${why}`, [
      restored(folder, "src", "dataset"),
      otherFolder(given.owner.stack),
    ]);
  }
  const is = { folder, commit: head, made: false };
  if (commit !== undefined) {
    const wanted = { ...given, commit };
    if (head === commit) return { ...is, wanted: commit };
    return { ...is, wanted: commit, note: told(leftNote(wanted, head, why), report) };
  }
  const has = versionIn(folder);
  if (version === undefined || has === version) return is;
  const note = `${folder} is at version ${has ?? "unknown"}, not ${version}, and is left as it is: ${why}. To get that version: check it out there, or set cooperbenchDir to another folder`;
  return { ...is, note: told(note, report) };
}

/** A checkout of the stack's. */
async function ensureOwn(
  wanted: Resolved,
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
      const note = told(leftNote(wanted, head, kept), report);
      return { ...asWanted(wanted), commit: head, made: true, note };
    }
    return { ...asWanted(wanted), made: true };
  }
  if (marker.commit !== commit || marker.seen !== undefined)
    markCheckout(folder, { ...marker, commit, seen: undefined });
  const missing = await restoreMissing(folder);
  if (missing > 0) report(`${folder}: ${missing} missing files of src and dataset were restored`);
  const fault = inspectCheckout(folder);
  if (fault !== undefined)
    throw new Problem(`${folder}: ${fault}, and you decide whether to keep its changes`, {
      ...restored(folder, "src", "dataset"),
      when: "to drop the changes",
    });
  return { ...asWanted(wanted), made: true };

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

function leftNote({ folder, repository, commit }: Resolved, head: string, why: string): string {
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
    throw new Problem(`${folder} cannot be used as a folder: ${foundOf(error)}`, [
      otherFolder(),
      { command: ["mv", folder, `${folder}.old`] },
    ]);
  }
}
