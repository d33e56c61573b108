/**
 * Folders of the cache, each made once: in a temporary sibling that is renamed when it is whole, under a lock, so
 * that two runs at once do not do the work twice.
 */
import { constants, existsSync } from "node:fs";
import { access, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Problem } from "../lib/problem.ts";
import { withLock } from "../lib/process-lock.ts";
import type { Report } from "./steps.ts";

/** The folder, made by `make` if it is not there. `make` gets the temporary folder to fill. */
export async function cachedFolder(
  folder: string,
  report: Report,
  make: (temporary: string) => Promise<void>,
): Promise<string> {
  if (existsSync(folder)) return folder;
  try {
    await mkdir(dirname(folder), { recursive: true });
    await access(dirname(folder), constants.W_OK);
  } catch (error) {
    const why = (error as Error).message;
    throw new Problem(
      `the cache folder ${dirname(folder)} cannot be made or written in (${why})`,
      { command: ["export", "XDG_CACHE_HOME=FOLDER"], when: "to use a folder that you may write in" },
      { cause: error },
    );
  }
  await withLock(`${folder}.lock`, report, async () => {
    if (existsSync(folder)) return;
    const temporary = `${folder}.part-${process.pid}`;
    await removeLeftovers(`${folder}.part-`);
    try {
      await mkdir(temporary);
      await make(temporary);
      await rename(temporary, folder);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
  return folder;
}

/** A process that was killed leaves its temporary folder; under the lock none of them is in use. */
async function removeLeftovers(prefix: string): Promise<void> {
  for (const name of await readdir(dirname(prefix))) {
    if (name.startsWith(basename(prefix))) await rm(join(dirname(prefix), name), { recursive: true });
  }
}
