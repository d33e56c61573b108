import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { writeWhole } from "../lib/files.ts";
import { Problem } from "../lib/problem.ts";

/** Throws a Problem where a file that an option names can surely not be written: before the work that it is to hold. */
export function assertFile(option: string, file: string): void {
  if (file === "") throw refused(option, file, "it is empty");
  const path = resolve(file);
  if (statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw refused(option, file, "its folder does not exist");
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw refused(option, file, "it is a folder");
}

/** Writes a file that an option names. Throws a Problem that names it. */
export function writeFor(option: string, file: string, text: string): void {
  try {
    writeWhole(resolve(file), text);
  } catch (error) {
    throw refused(option, file, (error as Error).message);
  }
}

function refused(option: string, file: string, why: string): Problem {
  return new Problem(`${option} ${JSON.stringify(file)} cannot be written: ${why}`, {
    advice: `name another file: ${option} FILE`,
  });
}
