import { z } from "zod";
import { otherAt, readRegular } from "../lib/files.ts";
import type { Remedy } from "../lib/remedy.ts";
import type { Task } from "./tasks.ts";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "want sha256: and 64 hex digits");
const bytes = z.int().min(0);

const lockedImage = z.strictObject({
  digest,
  platform: z.string().regex(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/, "want a platform such as linux/amd64"),
  imageId: digest,
  compressedBytes: bytes,
  layers: z.record(digest, bytes),
  lockedAt: z.iso.datetime(),
  // Of older locks. What an image's repository must be at is the benchmark's to say, never a lock's.
  baseCommit: z.unknown().optional(),
});

const imagesLock = z.strictObject({ images: z.record(z.string(), lockedImage) });

/** One image as its registry had it. */
export interface LockedImage {
  /** What the tag names: the digest of a manifest, or of an index of several platforms. */
  readonly digest: string;
  /** Operating system and architecture, such as linux/amd64. */
  readonly platform: string;
  /** Digest of the image's configuration, which is its id on an engine. */
  readonly imageId: string;
  /** Bytes of all layers, as they are downloaded. */
  readonly compressedBytes: number;
  /** Bytes of each layer, as it is downloaded, by its digest, in the image's order. */
  readonly layers: Readonly<Record<string, number>>;
  /** When the registry was first seen to have this digest, in ISO 8601. */
  readonly lockedAt: string;
}

/** An image lock file: what the images are, by their references. */
export interface ImagesLock {
  readonly images: Readonly<Record<string, LockedImage>>;
  /** What the file says and nobody obeys, in words; undefined where there is no such thing. */
  readonly ignored?: string;
}

/** What makes a reference mean one image: its digest, and what a lock says of that besides. */
export type ImagePin = Pick<LockedImage, "digest"> & Partial<LockedImage>;

/** An image's reference, `repository:tag`, with what pins it; one without a pin is what its tag names. */
export interface PinnedImage {
  readonly image: string;
  readonly locked?: ImagePin | undefined;
}

/** A task, with what the lock says of its image; an image without an entry is unlocked. */
export interface LockedTask extends Task {
  readonly locked?: LockedImage;
}

/** The lock file of stacks that set none, relative to the project. It is made by `./machine lock`. */
export const defaultLockFile = "manifest/images.lock.json";

/** Reads an image lock file. Throws an error that names it where there is none, or it is not of this form. */
export function readImagesLock(file: string): ImagesLock {
  const text = textOf(file);
  const parsed = imagesLock.safeParse(jsonOf(text, file));
  const twice = keyTwice(text);
  if (twice !== undefined) throw new Error(`${file} is no image lock file: it has ${twice} twice`);
  if (parsed.success) return withoutBaseCommits(parsed.data, file);
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.join(" ") || "the file"}: ${message}`,
  );
  throw new Error(`${file} is no image lock file: ${faults.slice(0, 3).join("; ")}`);
}

/** Whether something is in the place of an image lock that is no file: it is the user's, and stays. */
export function isNoFile(file: string): boolean {
  return otherAt(file) !== undefined;
}

/** What helps where `isNoFile`. */
export function nameAnotherLock(stack = "STACK"): Remedy {
  return { advice: `name another file: ./machine set ${stack} imagesLock FILE` };
}

/** The lock without what versions before this one wrote for their stand-ins. */
function withoutBaseCommits({ images }: z.infer<typeof imagesLock>, file: string): ImagesLock {
  const named = Object.values(images).filter(({ baseCommit }) => baseCommit !== undefined).length;
  const entries = Object.entries(images).map(([image, { baseCommit, ...entry }]) => [image, entry]);
  return {
    images: Object.fromEntries(entries),
    ...(named > 0 && {
      ignored: `${file} has a baseCommit for ${named} of ${entries.length} images, which is ignored: the benchmark says which commit each is at`,
    }),
  };
}

function textOf(file: string): string {
  try {
    return readRegular(file).toString("utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(code === "ENOENT" ? `there is no ${file}` : `${file} cannot be read: ${message}`);
  }
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const what =
      text.trim() === "" ? "it is empty" : `it is cut off, or no JSON: ${(error as Error).message}`;
    throw new Error(`${file} is no image lock file: ${what}`);
  }
}

/** The first key that an object of a JSON text has twice, of which JSON.parse takes the last. */
function keyTwice(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, key] of json.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (key !== undefined) {
      if (open.at(-1)?.has(key)) return key;
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}

/** The file's text: sorted by reference, every entry in one order of keys, so that equal locks are equal texts. */
export function formatImagesLock({ images }: ImagesLock): string {
  const sorted = Object.entries(images)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([reference, { digest, platform, imageId, compressedBytes, layers, lockedAt }]) => [
      reference,
      { digest, platform, imageId, compressedBytes, layers, lockedAt },
    ]);
  return `${JSON.stringify({ images: Object.fromEntries(sorted) }, null, 2)}\n`;
}

/** `repository:tag`, pinned by a lock's entry, or `repository:tag@digest`, which wins over one of another digest. */
export function pinnedImage(text: string, lock?: ImagesLock): PinnedImage {
  const [image = "", digest] = text.split("@");
  const entry = lock?.images[image];
  const locked = digest === undefined || entry?.digest === digest ? entry : { digest };
  return locked === undefined ? { image } : { image, locked };
}

/** The tasks with what a lock says of their images. */
export function lockTasks(tasks: readonly Task[], lock: ImagesLock): readonly LockedTask[] {
  return tasks.map((task) => {
    const locked = lock.images[task.image];
    return locked === undefined ? task : { ...task, locked };
  });
}
