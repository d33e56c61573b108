import { existsSync, readFileSync } from "node:fs";
import {
  formatImagesLock,
  type ImagesLock,
  type LockedImage,
  readImagesLock,
} from "../manifest/images-lock.ts";
import { writeAtomically } from "./files.ts";
import { publishedDigest, publishImage } from "./publish.ts";
import { inParallel } from "./run.ts";
import { baseLayer, standIn } from "./stand-in-image.ts";
import type { Task } from "./tasks.ts";

/** What the registry is filled from. */
export interface FillArguments {
  readonly registryUrl: string;
  /** The file of the lock; read and written. */
  readonly lockFile: string;
  readonly tasks: readonly Task[];
  readonly busybox: string;
  readonly payloadBytes: number;
  /** For git; on the disk of the rehearsal, so that nothing is left elsewhere. */
  readonly workFolder: string;
  /** Whether the lock on disk was made by this very program, so that what agrees with it may stay. */
  readonly trustLock: boolean;
}

/**
 * Brings every task's stand-in into the registry under its real name, and writes the lock.
 * @returns how many had to be made.
 */
export async function fillRegistry(args: FillArguments): Promise<number> {
  const { registryUrl, tasks } = args;
  const known = readLock(args.lockFile);
  const base = await baseLayer(args.busybox);
  let made = 0;
  const images = await inParallel(tasks, 6, async (task): Promise<[string, LockedImage]> => {
    const locked = known[task.image];
    if (
      args.trustLock &&
      locked !== undefined &&
      (await publishedDigest(registryUrl, task.image)) === locked.digest
    )
      return [task.image, locked];
    const { spec, baseCommit } = await standIn(task, base, {
      payloadBytes: args.payloadBytes,
      workFolder: args.workFolder,
    });
    const published = await publishImage(registryUrl, spec);
    made += 1;
    const lockedAt = locked?.digest === published.digest ? locked.lockedAt : new Date().toISOString();
    return [task.image, { ...published, lockedAt, baseCommit }];
  });
  const text = formatImagesLock({ images: Object.fromEntries(images) });
  if (!existsSync(args.lockFile) || readFileSync(args.lockFile, "utf8") !== text)
    writeAtomically(args.lockFile, text);
  return made;
}

/** The lock on disk; one of an earlier version, or that was cut off, is made anew. */
function readLock(file: string): ImagesLock["images"] {
  try {
    return readImagesLock(file).images;
  } catch {
    return {};
  }
}
