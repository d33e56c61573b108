import { readFileSync } from "node:fs";
import type { Task } from "./tasks.ts";

/** What an image lock file says of one image reference. */
export interface LockedImage {
  /** Commit, 40 hex digits, that /workspace/repo of the image must be at. */
  readonly baseCommit: string;
}

/** An image lock file: what images must hold where that differs from the benchmark's own data. */
export interface ImagesLock {
  readonly images: Readonly<Record<string, LockedImage>>;
}

/** Reads an image lock file. Throws where there is none, or where it is not of this form. */
export function readImagesLock(file: string): ImagesLock {
  const lock = JSON.parse(readFileSync(file, "utf8")) as Partial<ImagesLock>;
  for (const [reference, image] of Object.entries(lock.images ?? {})) {
    if (!/^[0-9a-f]{40}$/.test(image.baseCommit)) {
      throw new Error(`${reference}: got baseCommit ${JSON.stringify(image.baseCommit)}, want 40 hex digits`);
    }
  }
  if (lock.images === undefined) throw new Error('got no "images", want an object keyed by image reference');
  return { images: lock.images };
}

/** The tasks with the commits that a lock file has for their images; tasks it does not name stay as they are. */
export function lockTasks(tasks: readonly Task[], lock: ImagesLock): readonly Task[] {
  return tasks.map((task) => ({
    ...task,
    baseCommit: lock.images[task.image]?.baseCommit ?? task.baseCommit,
  }));
}
