import { isDeepStrictEqual } from "node:util";
import prettyBytes from "pretty-bytes";
import { merged, type Remedies, remedyText } from "../lib/remedy.ts";
import type { ImagesLock, LockedImage } from "./images-lock.ts";

/** What became of one image since it was locked. Where nothing was to be written, changes have no entry. */
export type LockChange =
  | { readonly kind: "as locked"; readonly image: string }
  | { readonly kind: "new"; readonly image: string; readonly digest: string; readonly entry?: LockedImage }
  | {
      readonly kind: "moved";
      readonly image: string;
      readonly before: LockedImage;
      readonly digest: string;
      readonly entry?: LockedImage;
    }
  | { readonly kind: "failed"; readonly image: string; readonly reason: string; readonly remedies: Remedies };

/** What the registry has: the digest alone, or all of it, with the moment of asking. */
export type Answer = { readonly digest: string } | LockedImage;

/** Compares an image's entry with what the registry has. An entry that stands keeps its time. */
export function changeOf(image: string, before: LockedImage | undefined, answer: Answer): LockChange {
  const { digest } = answer;
  const entry = "imageId" in answer ? { entry: entryOf(before, answer) } : {};
  if (before === undefined) return { kind: "new", image, digest, ...entry };
  const stands = "entry" in entry ? isDeepStrictEqual(entry.entry, before) : before.digest === digest;
  return stands ? { kind: "as locked", image } : { kind: "moved", image, before, digest, ...entry };
}

function entryOf(before: LockedImage | undefined, described: LockedImage): LockedImage {
  return { ...described, ...(before?.digest === described.digest && { lockedAt: before.lockedAt }) };
}

/** The lock with its new and moved entries; all others stay as they are, those of other images too. */
export function applyChanges(lock: ImagesLock, changes: readonly LockChange[]): ImagesLock {
  const fresh = changes.flatMap((change) =>
    "entry" in change && change.entry !== undefined ? [[change.image, change.entry] as const] : [],
  );
  return { images: { ...lock.images, ...Object.fromEntries(fresh) } };
}

/** A line for each image that is not as locked, and what helps with those that failed. */
export function changeLines(changes: readonly LockChange[]): readonly string[] {
  const failed = changes.filter((change) => change.kind === "failed");
  return [
    ...changes.filter(({ kind }) => kind !== "as locked").map(lineOf),
    ...(failed.length > 0 ? [remedyText(merged(failed.map(({ remedies }) => remedies)))] : []),
  ];
}

function lineOf(change: LockChange): string {
  const subject = `${change.kind}: ${change.image}`;
  switch (change.kind) {
    case "new":
      return `${subject} ${short(change.digest)}${sizeOf(change.entry)}`;
    case "moved":
      return `${subject} ${moveOf(change)}`;
    case "failed":
      return `${subject}: ${change.reason}`;
    default:
      return subject;
  }
}

function moveOf({ before, digest, entry }: LockChange & { kind: "moved" }): string {
  if (before.digest === digest && entry !== undefined)
    return `${short(digest)} ${before.platform} -> ${entry.platform}${sizeChange(before, entry)}`;
  return `${short(before.digest)} -> ${short(digest)}${entry === undefined ? "" : sizeChange(before, entry)}`;
}

/** How many images there are of each kind, such as `30 images: 28 as locked, 1 moved, 1 failed`. */
export function changeCounts(changes: readonly LockChange[]): string {
  const kinds = ["as locked", "new", "moved", "failed"] as const;
  const counts = kinds
    .map((kind) => ({ kind, count: changes.filter((change) => change.kind === kind).length }))
    .filter(({ count }) => count > 0);
  return `${changes.length} images: ${counts.map(({ kind, count }) => `${count} ${kind}`).join(", ")}`;
}

/** As docker shortens an id. */
function short(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}

function sizeOf(entry: LockedImage | undefined): string {
  return entry === undefined ? "" : ` (${prettyBytes(entry.compressedBytes)})`;
}

function sizeChange(before: LockedImage, entry: LockedImage): string {
  const bytes = entry.compressedBytes - before.compressedBytes;
  if (bytes === 0) return " (same size)";
  return ` (${prettyBytes(entry.compressedBytes)}, ${bytes > 0 ? "+" : "-"}${prettyBytes(Math.abs(bytes))})`;
}
