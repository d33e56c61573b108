/** Looks for programs on a search path. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Folders, or what a PATH names. */
export type SearchPath = string | readonly string[];

/** All files of that name on the path that can be executed, in order. */
export function findAllOnPath(name: string, path: SearchPath): string[] {
  return candidates(name, path).filter(isExecutable);
}

/** The first of them. Default: of this process's PATH. */
export function findOnPath(name: string, path: SearchPath = process.env.PATH ?? ""): string | undefined {
  return candidates(name, path).find(isExecutable);
}

function candidates(name: string, path: SearchPath): string[] {
  const folders = typeof path === "string" ? path.split(delimiter) : path;
  return folders.filter((folder) => folder !== "").map((folder) => join(folder, name));
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
