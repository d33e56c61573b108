import { realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

/**
 * The one path of a place on this machine, however it is written: absolute, without links as far as it is there. What
 * is compared with another path, or kept for later, is made by this function.
 */
export function realPlace(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if ((code !== "ENOENT" && code !== "ENOTDIR") || dirname(absolute) === absolute) throw error;
    return join(realPlace(dirname(absolute)), basename(absolute));
  }
}

/**
 * What a place is called in a stack's state: from the project's folder where it lies in that, so that a project that is
 * moved has the same places.
 *
 * @param place as `realPlace` gives it.
 */
export function placeKey(projectDir: string, place: string): string {
  const path = relative(realPlace(projectDir), place);
  return path === "" || path.startsWith("..") ? place : path;
}
