import { realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { entryAt, otherAt, writeWhole } from "../lib/files.ts";
import { Problem } from "../lib/problem.ts";

/** Throws a Problem where a file that an option names can surely not be written: before the work that it is to hold. */
export function assertFile(option: string, file: string): void {
  if (file === "") throw refused(option, file, "it is empty");
  const path = resolve(file);
  if (statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw refused(option, file, "its folder does not exist");
  placeOf(option, file);
}

/**
 * The regular file that a path is, or leads to, or will be: a link stays one.
 *
 * @throws a Problem where something else is there, which would be lost.
 */
function placeOf(option: string, file: string): string {
  const path = resolve(file);
  if (entryAt(path) === undefined) return path;
  const place = whereItLeads(path);
  if (place === undefined) throw refused(option, file, "it is a link that leads nowhere");
  const other = otherAt(place);
  if (other !== undefined) throw refused(option, file, other);
  return place;
}

function whereItLeads(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Writes a file that an option names. Throws a Problem that names it. */
export function writeFor(option: string, file: string, text: string): void {
  try {
    writeWhole(placeOf(option, file), text);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw refused(option, file, (error as Error).message);
  }
}

function refused(option: string, file: string, why: string): Problem {
  return new Problem(`${option} ${JSON.stringify(file)} cannot be written: ${why}`, {
    advice: `name another file: ${option} FILE`,
  });
}
