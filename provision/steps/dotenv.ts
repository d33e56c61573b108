import { isUtf8 } from "node:buffer";
import { constants, existsSync, lstatSync, rmSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import type { Variables } from "../../benchmark/model.ts";
import { entryAt, readBytes, removeBegun, writeWhole } from "../../lib/files.ts";
import { Problem } from "../../lib/problem.ts";
import { type Fault, machine } from "../../lib/remedy.ts";
import { type Holder, isTakenOver, type Taker } from "../ownership/holder.ts";
import { isOf, type Owner, ownerName } from "../ownership/owner.ts";
import { otherFolder } from "../remedies.ts";
import {
  beginIn,
  bytesOf,
  type Dotenv,
  hashAround,
  hashOf,
  parseDotenv,
  partsOf,
  textOf,
  valuesIn,
  withBlock,
  withoutBlocks,
} from "./dotenv-block.ts";
import type { AskDotenv } from "./dotenv-reader.ts";

/** What the update has written. */
export interface DotenvResult {
  readonly file: string;
  /** When, in ISO 8601. */
  readonly written: string;
  /** Names what python-dotenv was asked about, the block itself left out (`hashOf`). In no state of old. */
  readonly hash?: string;
}

/** What such a hash begins with among the triggers of a proof. */
export const hashWord = ".env ";

/** What is seen of a `.env` without python-dotenv. */
export interface DotenvSeen {
  /** What is wrong with it, in words without any value; undefined where nothing is. */
  readonly fault?: string | undefined;
  /** Names its bytes, the block left out; undefined where there is no block. */
  readonly hash?: string | undefined;
  /** The hash that python-dotenv was asked about when the block was written; undefined in a block of old. */
  readonly read?: string | undefined;
  /** The hash that it has once the block is written to its place; undefined where that has none. */
  readonly written?: string | undefined;
}

/** Looks at a `.env` file. What its lines mean is for python-dotenv to say: where `read` is not `hash`, it is to be asked. */
export function inspectDotenv(file: string, owner: Owner, variables: Variables): DotenvSeen {
  const stats = entryAt(file);
  if (stats === undefined) return { fault: "it is missing", written: hashAround("", "") };
  if (!stats.isFile()) return { fault: "it is not a regular file" };
  const bytes = read(file);
  const dotenv = parseDotenv(textOf(bytes));
  const begin = beginIn(dotenv);
  const hash = hashOf(dotenv);
  const seen = { hash, read: begin?.read, written: hash };
  const mode = stats.mode & 0o777;
  const ofMode = mode === 0o600 ? undefined : `its mode is ${mode.toString(8)}, not 600`;
  const faults = [ofMode, contentFault(bytes, dotenv, owner, variables)].filter((one) => one !== undefined);
  return faults.length > 0 ? { ...seen, fault: faults.join("; ") } : seen;
}

/** The first thing that is wrong with what a `.env` holds; undefined where nothing is. */
function contentFault(bytes: Buffer, dotenv: Dotenv, owner: Owner, variables: Variables): string | undefined {
  const wrong = unreadable(bytes) ?? dotenv.faults[0];
  if (wrong !== undefined) return wrong;
  const other = otherOwner(dotenv, owner);
  if (other !== undefined) return `it has the settings of stack ${ownerName(other, owner)}`;
  const values = valuesIn(dotenv);
  const changed = Object.keys(variables).filter((name) => values[name] !== variables[name]);
  return changed.length > 0 ? `${changed.join(", ")} not as configured` : undefined;
}

/**
 * Writes the variables into a block of a `.env` file, at its end where none is there: at once or not at all, mode 0600, every
 * other byte kept, no symlink followed.
 *
 * @param ask has python-dotenv read what is to be written, before anything is.
 * @returns the hash of what is there now (`hashOf`).
 * @throws a Problem where the file has another stack's variables, is no regular file, has something in the way of the
 *   block, or where the variables cannot be read back. Nothing is changed then.
 */
export async function writeDotenv(
  file: string,
  owner: Holder,
  variables: Variables,
  ask: AskDotenv,
): Promise<string> {
  const { stats, dotenv } = readToWrite(file);
  const other = otherOwner(dotenv, owner);
  if (other !== undefined) {
    const name = ownerName(other, owner);
    throw new Problem(`${file} has the settings of stack ${name}`, [
      otherFolder(owner.stack),
      { ...machine("destroy", other.stack), when: "if nobody needs that stack" },
    ]);
  }
  const begin = beginIn(dotenv);
  const ownFile = stats === undefined || begin?.ownFile === true;
  const there = partsOf(dotenv);
  const atEnd = withBlock({ before: withoutBlocks(dotenv), ownFile }, owner, variables);
  const text = await firstReadBack(
    file,
    [
      // Where it is, unless a line below it counts instead.
      ...(there === undefined
        ? []
        : [withBlock({ ...there, ownFile, endedLine: begin?.endedLine === true }, owner, variables)]),
      atEnd,
    ],
    withBlock({ before: "", ownFile }, owner, variables),
    { variables, ask },
  );
  replace(file, bytesOf(text));
  return hashOf(parseDotenv(text)) ?? "";
}

/** Why a `.env` file, whosever it is, cannot be written; undefined where it can. */
export function refusedDotenv(file: string): Fault | undefined {
  try {
    readToWrite(file);
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { found: error.found, remedies: error.remedies };
  }
}

function readToWrite(file: string): { readonly stats: Stats | undefined; readonly dotenv: Dotenv } {
  const stats = regularFile(file);
  const bytes = stats === undefined ? Buffer.alloc(0) : readToChange(file, stats);
  const dotenv = parseDotenv(textOf(bytes));
  const wrong = unreadable(bytes) ?? dotenv.faults[0];
  if (wrong !== undefined) throw new Problem(`${file}: ${wrong}. Nothing was changed`, byHand);
  return { stats, dotenv };
}

/** The first of some texts that python-dotenv reads the variables back from. */
async function firstReadBack(
  file: string,
  texts: readonly string[],
  block: string,
  { variables, ask }: { readonly variables: Variables; readonly ask: AskDotenv },
): Promise<string> {
  const isReadBack = (name: string) => valuesIn(parseDotenv(block))[name] === variables[name];
  const unwritable = Object.keys(variables).filter((name) => !isReadBack(name));
  const [alone, ...read] = await ask([block, ...texts].map(bytesOf), variables);
  const misread = [...new Set([...unwritable, ...(alone?.other ?? [])])];
  if (misread.length > 0)
    throw new Problem(
      `${file}: python-dotenv would read a different value of ${misread.join(", ")} than the one you set. Nothing was changed`,
      { advice: "set one without quotes, backslashes and ${" },
    );
  const good = texts.find((_, index) => read[index]?.other.length === 0);
  if (good !== undefined) return good;
  const last = read.at(-1);
  const fault = (last && misreadInWords(last)) ?? "python-dotenv did not answer";
  throw new Problem(`${file}: ${fault}. Nothing was changed`, byHand);
}

/** What is wrong where python-dotenv reads a file otherwise than it was written; undefined where it does not. */
export function misreadInWords({
  other,
  unread,
}: {
  readonly other: readonly string[];
  readonly unread: readonly number[];
}): string | undefined {
  if (other.length === 0) return undefined;
  const names = `python-dotenv reads ${other.join(", ")} differently from what the update wrote`;
  if (unread.length === 0) return `${names}: another line below assigns it`;
  const lines = `${unread.length === 1 ? "line" : "lines"} ${unread.slice(0, 3).join(", ")}`;
  return `${names}, because it cannot read ${lines}: check the quotes there`;
}

/** The variables that a stack has in a `.env` file; none where the file or its block is not there. */
export function variablesIn(file: string, owner: Owner): Variables {
  if (!entryAt(file)?.isFile()) return {};
  const dotenv = parseDotenv(textOf(read(file)));
  return beginIn(dotenv) === undefined || otherOwner(dotenv, owner) !== undefined ? {} : valuesIn(dotenv);
}

/**
 * Takes a stack's variables out of a `.env` file, and the file too where it was made for them and is empty now. What is left
 * of a block that was damaged goes as well: the key is nowhere in the file then, and every line of the user's is.
 */
export async function removeFromDotenv(file: string, owner: Taker): Promise<void> {
  if (!existsSync(dirname(file))) return;
  removeBegun(file);
  rmSync(`${file}.cooperbench-machine.tmp`, { force: true }); // what a version before has begun, and was killed
  const stats = entryAt(file);
  if (!stats?.isFile()) return; // what is there instead is the user's
  const bytes = read(file);
  if (/cooperbench-machine/.test(textOf(bytes).replaceAll("\0", "")) && bytes.includes(0))
    throw new Problem(
      `${file}: ${unreadable(bytes)}, so this stack's lines cannot be taken out of it. Nothing was changed`,
      { advice: "save it as UTF-8, then run the command again" },
    );
  const dotenv = parseDotenv(textOf(bytes));
  const isTaken = (begin: ReturnType<typeof beginIn>) =>
    begin === undefined || (isOf(begin, owner) && !isTakenOver(begin, owner));
  const taken = dotenv.blocks.filter(({ begin }) => isTaken(begin));
  if (taken.length === 0) return;
  const rest = withoutBlocks(dotenv, isTaken);
  if (rest === "" && taken.some(({ begin }) => begin?.ownFile)) rmSync(file);
  else replace(file, bytesOf(rest));
}

/** The stack whose variables a `.env` file has; undefined where it has none. */
export function dotenvOwner(bytes: Uint8Array): Holder | undefined {
  return beginIn(parseDotenv(textOf(bytes)));
}

/** Why python-dotenv, and a run with it, ends at these bytes; undefined where it does not. */
export function unreadable(bytes: Uint8Array): string | undefined {
  const at = bytes.indexOf(0);
  const [first, second] = bytes;
  if (at >= 0 || (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return "it is not UTF-8: it is UTF-16, or not text";
  if (isUtf8(bytes)) return undefined;
  const lines = textOf(bytes).split(/\r\n|\n|\r/);
  const line = lines.findIndex((text) => !isUtf8(bytesOf(text))) + 1;
  return `line ${line} is not UTF-8 (Latin-1?)`;
}

function otherOwner(dotenv: Dotenv, owner: Owner): Owner | undefined {
  return dotenv.blocks.map(({ begin }) => begin).find((begin) => begin !== undefined && !isOf(begin, owner));
}

function regularFile(file: string): Stats | undefined {
  const stats = entryAt(file);
  if (stats !== undefined && !stats.isFile()) {
    const what = stats.isSymbolicLink() ? "a symbolic link" : "no regular file";
    throw new Problem(`${file} is ${what}, and a key is never written into that`, {
      command: ["mv", file, `${file}.old`],
    });
  }
  return stats;
}

const read = (file: string) => readBytes(file, constants.O_RDONLY | constants.O_NOFOLLOW);

function readToChange(file: string, stats: Stats): Buffer {
  try {
    return read(file);
  } catch (error) {
    throw error instanceof Problem ? notOurs(file, stats, error) : error;
  }
}

/** Replaces a file at once, with mode 0600. It stays its owner's: an update by root takes it from nobody. */
function replace(file: string, bytes: Uint8Array): void {
  try {
    writeWhole(file, bytes, { mode: 0o600, mustKeepOwner: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== "fchown") throw error;
    throw notOurs(file, lstatSync(file), error);
  }
}

function notOurs(file: string, { uid }: Stats, cause: unknown): Problem {
  const user = process.getuid?.() ?? "unknown";
  return new Problem(
    `${file} is user ${uid}'s, and this is user ${user}: it cannot be changed without becoming yours`,
    [
      { advice: `run the command as user ${uid}` },
      { command: ["sudo", "chown", String(user), file], when: "to make the file yours" },
    ],
    { cause },
  );
}

const byHand = { advice: "fix it in an editor, then run the command again" };
