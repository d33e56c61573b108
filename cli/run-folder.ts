import { statSync } from "node:fs";
import { basename, isAbsolute, join, relative, resolve } from "node:path";
import { Problem } from "../lib/problem.ts";

/** Where a run of CooperBench is. */
export interface RunFolder {
  /** Its name, as `cooperbench run -n` takes it. */
  readonly name: string;
  /** Absolute path. */
  readonly folder: string;
}

/**
 * The folder of a run.
 *
 * @param run name of a run in the checkout's logs, or the absolute path of its folder.
 * @throws a Problem where there is none.
 */
export function runFolder(checkout: string, run: string): RunFolder {
  const logs = join(checkout, "logs");
  const folder = resolve(logs, run);
  const name = isAbsolute(run) ? basename(folder) : relative(logs, folder);
  if (name === "" || name.split("/")[0] === ".." || !isFolder(folder)) throw noRun(run, folder);
  return { name, folder };
}

/** What is said where a folder is no run's. */
export function noRun(run: string, folder: string): Problem {
  return new Problem(`there is no run ${run} (no ${folder} with a config.json)`, {
    advice: "give the name of a run, or the path of its folder",
  });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (error) {
    throw new Problem(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, {
      advice: "let this user read it",
    });
  }
}
