import { join } from "node:path";
import { entryAt } from "../../../lib/files.ts";
import { list } from "../../../lib/list.ts";
import { Problem } from "../../../lib/problem.ts";
import type { Owner } from "../../ownership/owner.ts";
import { fetchCommit } from "./clone.ts";
import { git, gitList } from "./git.ts";
import { type CheckoutMarker, type Move, markCheckout } from "./marker.ts";
import { completeFiles } from "./resume.ts";

/**
 * Moves a checkout without work of the user's to another commit, in place. A marker says so meanwhile, so that a move
 * that is cut off is seen, and completed by `completeMove`.
 *
 * @returns files of the user's in its way, which then is where it was; none where it was moved.
 */
export async function moveTo(
  folder: string,
  marker: CheckoutMarker,
  { repository, commit }: { readonly repository: string; readonly commit: string },
): Promise<readonly string[]> {
  await fetchCommit(folder, repository, commit);
  const move = { from: marker.commit, to: commit };
  const inTheWay = await filesInTheWay(folder, move);
  if (inTheWay.length > 0) return inTheWay;
  markCheckout(folder, { ...marker, moving: move });
  await git(folder, "checkout", "--quiet", "--detach", commit);
  markMoved(folder, marker, move);
  return [];
}

/**
 * Completes a move that was cut off. Every file has to be what one of the two commits has, or the beginning of what the
 * second has.
 *
 * @throws a Problem that names the files which are neither: nothing is changed then.
 */
export async function completeMove(
  folder: string,
  marker: CheckoutMarker,
  move: Move,
  owner: Owner,
): Promise<void> {
  const others = await completeFiles(folder, move, owner);
  if (others.length > 0) {
    throw new Problem(
      `${folder}: a move from commit ${move.from} to ${move.to} was cut off, and these files belong to neither (${list(others)})`,
      { advice: `move them away, then run ./machine up ${owner.stack}` },
    );
  }
  markMoved(folder, marker, move);
}

function markMoved(folder: string, marker: CheckoutMarker, { from, to }: Move): void {
  const past = [...new Set([...(marker.past ?? []), from, to])];
  markCheckout(folder, { ...marker, commit: to, seen: undefined, moving: undefined, past });
}

/** What git would overwrite without a word, since it ignores it: files in the place of those that come. */
async function filesInTheWay(folder: string, { from, to }: Move): Promise<readonly string[]> {
  const of = (filter: string) =>
    gitList(folder, ["diff-tree", "-r", "-z", "--no-renames", "--name-only", filter, from, to]);
  const added = await of("--diff-filter=A");
  const deleted = await of("--diff-filter=D");
  const goes = new Set(deleted);
  const found = added.flatMap((path) => {
    // The path itself, and what should be a folder above it.
    const places = path.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/"));
    return places.filter((place) => {
      const entry = entryAt(join(folder, place));
      return entry !== undefined && !goes.has(place) && (place === path || !entry.isDirectory());
    });
  });
  return [...new Set(found)];
}
