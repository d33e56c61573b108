/** Looks for programs on a search path. */
import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";

/** All files of that name on the path that can be executed, in order. */
export function findAllOnPath(name: string, path: readonly string[]): string[] {
  return path.map((dir) => join(dir, name)).filter(isExecutable);
}

/** The first of them. */
export function findOnPath(name: string, path: readonly string[]): string | undefined {
  return path.map((dir) => join(dir, name)).find(isExecutable);
}

/** Whether a path is a file that this user can execute. */
export function isExecutable(path: string): boolean {
  try {
    // Most folders of a PATH have no such file: a stat without an exception is the cheap answer.
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not this user's to execute, or in a folder that this user may not look into, as a shell sees it as well.
    return false;
  }
}
