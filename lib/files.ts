/** Writes files so that a reader, or the successor of a writer that was killed, has the old text or the new. */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { Problem } from "./problem.ts";
import { isThere } from "./process-id.ts";

/** The text of a file, as `readBytes`. */
export function readText(file: string, flag?: number): string {
  return readBytes(file, flag).toString("utf8");
}

/**
 * The bytes of a file.
 *
 * @param flag as open(2) takes it. Default: to read.
 * @throws a Problem that says whose it is, where this user may not read it.
 */
export function readBytes(file: string, flag: number = constants.O_RDONLY): Buffer {
  try {
    return readFileSync(file, { flag });
  } catch (error) {
    const stats = isDenied(error) ? lstatSync(file, { throwIfNoEntry: false }) : undefined;
    if (stats === undefined) throw error;
    const mode = (stats.mode & 0o7777).toString(8);
    const found = `${file} is user ${stats.uid}'s, with mode ${mode}, and this is user ${process.getuid?.()}, who may not read it`;
    throw new Problem(found, { advice: `run the command as user ${stats.uid}` }, { cause: error });
  }
}

/**
 * The bytes of a file that must be a regular one.
 *
 * @throws an error that says what it is, where it is none.
 */
export function readRegular(file: string): Buffer {
  const other = otherThanFile(statSync(file));
  if (other !== undefined) throw new Error(other);
  return readFileSync(file);
}

/** What is in a file's place, in words; undefined for a regular file. Another, such as a pipe, may never end. */
export function otherThanFile(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return "it is a folder, not a file";
  if (stats.isFIFO()) return "it is a named pipe, not a file";
  return `it is a ${stats.isSocket() ? "socket" : "device"}, not a file`;
}

/** What a path leads to, as `otherThanFile`; undefined also where nothing is there, or it cannot be looked at. */
export function otherAt(path: string): string | undefined {
  try {
    return otherThanFile(statSync(path));
  } catch {
    return undefined;
  }
}

function isDenied(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EACCES";
}

/** What is at a path, no link followed; undefined where nothing is. */
export function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    // The second where a file is in the place of a folder above it.
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** How a file is written. */
export interface WriteOptions {
  /** Its mode, whatever the umask. Default: that of the file that is there; of a new one 0644, as far as the umask lets. */
  readonly mode?: number;
  /** Whether a file that cannot stay its owner's is left as it is, by an error. Default: false. */
  readonly mustKeepOwner?: boolean;
}

/**
 * Replaces a file: its text is on the disk then, whole, or nothing has changed. It stays its owner's; a new one is of
 * the owner of its folder, as far as this user may give it away. A link is replaced, not followed.
 *
 * @throws where the folder is not there, or the disk is full.
 */
export function writeWhole(file: string, text: string | Uint8Array, options: WriteOptions = {}): void {
  removeBegun(file);
  const there = lstatSync(file, { throwIfNoEntry: false });
  const before = there?.isFile() ? there : undefined;
  const { mode = before && before.mode & 0o7777, mustKeepOwner = false } = options;
  const begun = `${file}.${process.pid}.new`;
  rmSync(begun, { force: true }); // of a process of the same number
  const handle = openSync(begun, "wx", mode === undefined ? 0o644 : mode & 0o600);
  try {
    try {
      giveTo(handle, before ?? statSync(dirname(file)), mustKeepOwner && before !== undefined);
      writeFileSync(handle, text);
      if (mode !== undefined) fchmodSync(handle, mode);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(begun, file);
  } catch (error) {
    rmSync(begun, { force: true });
    throw error;
  }
}

/** Removes what writers that were killed have begun beside a file: nobody else does, and it may hold a secret. */
export function removeBegun(file: string): void {
  const prefix = `${basename(file)}.`;
  for (const name of readdirSync(dirname(file))) {
    const pid = name.startsWith(prefix) && /^(\d+)\.new$/.exec(name.slice(prefix.length))?.[1];
    if (!pid || isThere(Number(pid))) continue;
    try {
      rmSync(join(dirname(file), name), { force: true });
    } catch {
      // Another user's: it is in nobody's way.
    }
  }
}

function giveTo(handle: number, { uid, gid }: Stats, must: boolean): void {
  const made = fstatSync(handle);
  if (made.uid === uid && made.gid === gid) return;
  try {
    fchownSync(handle, uid, gid);
  } catch (error) {
    // A user cannot give files away.
    if (must && made.uid !== uid) throw error;
  }
}
