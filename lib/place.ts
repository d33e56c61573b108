import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { deniedAt } from "./denied.ts";
import { Problem } from "./problem.ts";
import { machine } from "./remedy.ts";

/**
 * The one path of a place on this machine, however it is written: absolute, without links as far as it is there. What
 * is compared with another path, or kept for later, is made by this function.
 *
 * @throws a Problem where that cannot be known, as in a folder that this user may not look into.
 */
export function realPlace(path: string): string {
  const absolute = resolve(path);
  return realPart(absolute, absolute);
}

function realPart(path: string, whole: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const why = noPlace[code];
    if (why !== undefined)
      throw new Problem(
        `${whole} is no place on this machine: ${why(path)}`,
        [
          {
            ...machine("set", "STACK", "cooperbenchDir", "FOLDER"),
            when: "if a stack's cooperbenchDir names it",
          },
          { advice: "name another folder" },
        ],
        { cause: error },
      );
    if ((code !== "ENOENT" && code !== "ENOTDIR") || dirname(path) === path) throw error;
    return join(realPart(dirname(path), whole), basename(path));
  }
}

/** Why there can be no such place, by the system's word for it. */
const noPlace: Readonly<Record<string, (path: string) => string>> = {
  ELOOP: (path) => `${path} is a symbolic link that leads to itself`,
  ENAMETOOLONG: () => "a name in it is longer than the file system allows",
  EACCES: (path) => deniedAt(path)?.found ?? `you may not read ${path}`,
};

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

/** Whether two paths are one place, such as a folder and a mount of it. */
export function isSamePlace(one: string, other: string): boolean {
  if (one === other) return true;
  const [first, second] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && first.dev === second?.dev && first.ino === second.ino;
}
