import { existsSync, lstatSync, renameSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { realPlace } from "../../../lib/place.ts";
import { foundOf, Problem } from "../../../lib/problem.ts";
import { isTakenOver, type Taker } from "../../ownership/holder.ts";
import { makeBeside, removeBeside, removeEmptyParents, removeLeftovers } from "./beside.ts";
import { checkoutMarker, markCheckout } from "./marker.ts";
import { completeMove } from "./move.ts";
import { standingOf } from "./standing.ts";
import { workIn } from "./work.ts";

/**
 * Removes a checkout that the stack made, unless there is something in it that the stack did not make: that is named,
 * and nothing is removed.
 */
export async function removeCheckout(
  folder: string,
  owner: Taker,
  report: (line: string) => void,
): Promise<void> {
  const place = realPlace(folder);
  await removeLeftovers(place, owner);
  if (!existsSync(place)) return;
  if (lstatSync(folder).isSymbolicLink() && checkoutMarker(place)?.path === resolve(folder)) {
    report(`${folder} is left: it is a link now, to ${place}, where the checkout was moved`);
    return;
  }
  const standing = standingOf(place, owner);
  if (standing.kind === "users" && checkoutMarker(place) === undefined) return;
  if (standing.kind !== "own") {
    const whose = standing.kind === "other" ? `it is stack ${standing.owner.stack}'s` : standing.why;
    report(`${place} is left: ${whose}`);
    return;
  }
  let { marker } = standing;
  if (isTakenOver(marker, owner)) {
    report(`${place} stays: the stack uses it under another name`);
    return;
  }
  const kept = await workOf();
  if (kept !== undefined) {
    markCheckout(place, { ...marker, left: true });
    report(`${place} is left: ${kept}`);
    return;
  }
  // At once for everybody else; what is cut off from here on is found again.
  const beside = makeBeside(place, owner, marker.madeParent);
  try {
    renameSync(place, join(beside, "removed"));
  } catch (error) {
    await removeBeside(beside);
    const remedy = { advice: `let this user write in ${dirname(place)} (chown, chmod)` };
    throw new Problem(`${place} cannot be removed: ${foundOf(error)}`, remedy, { cause: error });
  }
  await removeBeside(beside);
  if (marker.madeParent !== undefined) await removeEmptyParents(place, marker.madeParent);

  async function workOf(): Promise<string | undefined> {
    try {
      if (marker.moving !== undefined) {
        await completeMove(place, marker, marker.moving, owner);
        marker = checkoutMarker(place) ?? marker;
      }
      return await workIn(place, marker, owner, "removal");
    } catch (error) {
      // What cannot be looked at is not removed; the rest of the stack goes.
      if (error instanceof Problem) return error.message;
      throw error;
    }
  }
}
