import { existsSync } from "node:fs";
import { join } from "node:path";
import { isSamePlace } from "../../../lib/place.ts";
import type { Holder } from "../../ownership/holder.ts";
import { isMarkerBroken, type Marker, readMarker, writeMarker } from "../../ownership/marker.ts";
import { isOf, type Owner } from "../../ownership/owner.ts";

/** What a stack has noted in a checkout that it made. */
export interface CheckoutMarker extends Marker, Holder {
  /** The commit that the stack has last checked out. */
  readonly commit: string;
  /** The commit that it was at when an update last looked, where the user has moved it. */
  readonly seen?: string | undefined;
  /** The move that is under way, or was cut off. */
  readonly moving?: Move | undefined;
  /** The topmost folder above it that was made for it, absolute; undefined where all were there. */
  readonly madeParent?: string | undefined;
  /** Commits that the stack has checked out before: they are not the user's. */
  readonly past?: readonly string[];
  /** The tags that came with the clone, with what they point to; undefined in a marker that is older than ids. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Names of the settings that the clone had in its .git/config; undefined in a marker that is older than ids. */
  readonly settings?: readonly string[];
  /** Where it was cloned from, as its `remote.origin.url` says. */
  readonly origin?: string;
  /** Whether the stack is gone and has left it to the user, because of what is in it. */
  readonly left?: boolean;
}

/** A move from one commit to another, both 40 hex digits. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/** Inside .git, so that it is no change of the checkout, and goes where the checkout goes. */
export const checkoutMarkerFile = (folder: string) => join(folder, ".git", "cooperbench-machine.json");

/** The marker of a checkout, whoever made it; undefined where there is none that can be read. */
export const checkoutMarker = (folder: string) => readMarker<CheckoutMarker>(checkoutMarkerFile(folder));

/** Writes a checkout's marker. */
export const markCheckout = (folder: string, marker: CheckoutMarker) =>
  writeMarker(checkoutMarkerFile(folder), marker);

/**
 * Whether a marker speaks of another place than the one where it is found, and what it speaks of is still there: then
 * its thing was copied here, and the copy is the user's.
 *
 * @param fileAt where such a thing has its marker.
 */
export function isCopy(marker: Marker, place: string, fileAt: (place: string) => string): boolean {
  const { path } = marker;
  if (path === undefined || isSamePlace(path, place) || !existsSync(path)) return false;
  const there = readMarker(fileAt(path));
  // One that cannot be read may be the original's.
  return there === undefined ? isMarkerBroken(fileAt(path)) : isOf(there, marker as Owner);
}
