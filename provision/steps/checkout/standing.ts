import { isSamePlace } from "../../../lib/place.ts";
import { Problem } from "../../../lib/problem.ts";
import { machine } from "../../../lib/remedy.ts";
import { shellWord } from "../../../lib/shell-word.ts";
import { isMarkerBroken } from "../../ownership/marker.ts";
import { isOf, type Owner } from "../../ownership/owner.ts";
import { type CheckoutMarker, checkoutMarker, checkoutMarkerFile, isCopy } from "./marker.ts";

/** Whose a checkout is, for one stack. */
export type Standing =
  /** The stack's, by its marker; `line` says what of the marker is to be written again. */
  | { readonly kind: "own"; readonly marker: CheckoutMarker; readonly line?: string }
  /** The user's, or what another stack has left to the user; `why` says what shows it. */
  | { readonly kind: "users"; readonly why: string }
  /** Another stack's. */
  | { readonly kind: "other"; readonly owner: Owner };

/** Looks whose a checkout is: what a marker with the stack's id and this path says is the stack's. */
export function standingOf(folder: string, owner: Owner): Standing {
  const file = checkoutMarkerFile(folder);
  const marker = checkoutMarker(folder);
  if (marker === undefined) {
    const why = isMarkerBroken(file) ? brokenMarker(folder, owner) : "this stack did not make it";
    return { kind: "users", why };
  }
  if (isCopy(marker, folder, checkoutMarkerFile))
    return {
      kind: "users",
      why: `it is a copy of ${marker.path}, the checkout of stack ${marker.stack}`,
    };
  if (!isOf(marker, owner)) {
    return marker.left === true
      ? { kind: "users", why: `stack ${marker.stack} no longer uses it` }
      : { kind: "other", owner: { stack: marker.stack, id: marker.id } };
  }
  return { kind: "own", marker, ...lineOf(marker, folder, owner) };
}

function lineOf({ stack, id, path }: CheckoutMarker, folder: string, owner: Owner): { line?: string } {
  if (path !== undefined && !isSamePlace(path, folder))
    return { line: `${folder} was moved here from ${path}, and is still this stack's` };
  if (stack !== owner.stack) return { line: `${folder} was made by this stack when its name was ${stack}` };
  if (id !== owner.id || path === undefined)
    return { line: `${folder} is of a stack ${stack} that is older than ids: it is this stack's` };
  return path === folder ? {} : { line: `${folder} was ${path}, and is still this stack's` };
}

/**
 * Refuses a new resource of a stack whose id is in the marker with another name: its file of settings was copied with
 * the id.
 */
export function refuseCopiedSettings(marker: CheckoutMarker, owner: Owner): void {
  if (owner.id === undefined || marker.id !== owner.id || marker.stack === owner.stack) return;
  throw new Problem(
    `Pulumi.${owner.stack}.yaml was copied from stack ${marker.stack}'s: both have the stackId ${owner.id}, and ${marker.path} is stack ${marker.stack}'s`,
    { ...machine("new", "NAME"), when: "to make a stack of its own" },
  );
}

function brokenMarker(folder: string, { stack }: Owner): string {
  const file = checkoutMarkerFile(folder);
  return (
    `its marker ${file} cannot be read, so it counts as yours. To give it to this stack again: ` +
    `printf '{"stack":"${stack}","commit":"%s"}\\n' "$(git -C ${shellWord(folder)} rev-parse HEAD)" > ${shellWord(file)}`
  );
}
