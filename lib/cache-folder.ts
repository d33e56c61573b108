import { type Stats, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { assertReadable } from "./denied.ts";
import { type Environment, homeOf } from "./environment.ts";
import { Problem } from "./problem.ts";
import { xdgFolder } from "./xdg.ts";

/** Folder of everything that is made here once for all checkouts: $XDG_CACHE_HOME (or ~/.cache), cooperbench-machine. */
export function cacheFolder(from: Environment = process.env): string {
  return join(xdgFolder("XDG_CACHE_HOME", from), "cooperbench-machine");
}

/**
 * @throws a Problem where the cache folder cannot be made: a home that is not there is not made: it would be filled
 *   with what nobody looks for there.
 */
export function assertCanCache(from: Environment = process.env): void {
  const xdg = from.XDG_CACHE_HOME;
  const [name, folder] =
    xdg && isAbsolute(xdg) ? (["XDG_CACHE_HOME", xdg] as const) : (["HOME", homeOf(from)] as const);
  const remedy = { command: ["export", `${name}=FOLDER`], when: "to use a folder of yours" };
  if (!isAbsolute(folder)) throw new Problem(`${name} is ${folder}, which is not absolute`, remedy);
  // A cache may be made where its variable says; a home is made by who makes the user.
  const stats = statOf(folder);
  if (stats === undefined && name === "HOME")
    throw new Problem(`your ${name}, ${folder}, does not exist`, remedy);
  if (stats?.isDirectory() === false)
    throw new Problem(`${name} is ${folder}, which is not a folder`, remedy);
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") assertReadable(path);
    return undefined;
  }
}
