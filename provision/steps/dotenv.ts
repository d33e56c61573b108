import { constants, existsSync, lstatSync, rmSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { readText, removeBegun, writeWhole } from "../../lib/files.ts";
import { Problem } from "../../lib/problem.ts";
import { shellWord } from "../../lib/shell-word.ts";
import { type Holder, isTakenOver, type Taker } from "../ownership/holder.ts";
import { isOf, type Owner, ownerName } from "../ownership/owner.ts";
import { readAssignments } from "./assignments.ts";

/** Variables by name, in the order in which they are written. */
export type Variables = Readonly<Record<string, string>>;

/** What the update has written. */
export interface DotenvResult {
  readonly file: string;
  /** When, in ISO 8601. */
  readonly written: string;
}

const beginOf = ({ stack, id, holder }: Holder, ownFile: boolean) =>
  `# >>> cooperbench-machine, stack ${stack}${id === undefined ? "" : `, id ${id}`}${holder === undefined ? "" : `, resource ${holder}`}${ownFile ? ", which made this file" : ""} >>>`;
const end = "# <<< cooperbench-machine <<<";
const kept = "# kept by cooperbench-machine: ";
const block =
  /^(?<begin># >>> cooperbench-machine, stack (?<stack>[^ ,]+)(?:, id (?<id>[^ ,]+))?(?:, resource (?<holder>[^ ,]+))?(?<ownFile>, which made this file)? >>>)\n(?:.*\n)*?# <<< cooperbench-machine <<<\n/m;
const assignment =
  /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|).*$/gm;

/**
 * The text of a `.env` file with the variables in a block of their own. Every other line is kept; one that assigns
 * one of the variables is kept as a comment, so that `withoutVariables` can bring it back.
 */
export function withVariables(text: string, owner: Holder, variables: Variables, ownFile = false): string {
  const lines = Object.entries(variables).map(
    ([name, value]) => `${name}='${value.replace(/[\\']/g, "\\$&")}'\n`,
  );
  const old = block.exec(text);
  const written = `${beginOf(owner, old === null ? ownFile : old.groups?.ownFile !== undefined)}\n${lines.join("")}${end}\n`;
  const comment = (part: string) =>
    part.replace(assignment, (line, name) =>
      Object.hasOwn(variables, name) ? line.replace(/^/gm, kept) : line,
    );
  if (old === null) {
    const others = comment(text);
    return others + (others === "" || others.endsWith("\n") ? "" : "\n") + written;
  }
  return comment(text.slice(0, old.index)) + written + comment(text.slice(old.index + old[0].length));
}

/** The text without the block and with the kept lines back; undefined where the file was made for the block alone. */
export function withoutVariables(text: string): string | undefined {
  const old = block.exec(text);
  const rest = text.replace(block, "").replaceAll(new RegExp(`^${kept}`, "gm"), "");
  return rest === "" && old?.groups?.ownFile ? undefined : rest;
}

/** What is wrong with a `.env` file, in words without any value; undefined where nothing is. */
export function inspectDotenv(file: string, owner: Owner, variables: Variables): string | undefined {
  const stats = statIfThere(file);
  if (stats === undefined) return "it is missing";
  if (!stats.isFile()) return "it is not a regular file";
  if ((stats.mode & 0o777) !== 0o600) return `its mode is ${(stats.mode & 0o777).toString(8)}, not 600`;
  const text = read(file);
  const other = otherOwner(text, owner);
  if (other !== undefined) return `it has the settings of stack ${ownerName(other, owner)}`;
  // What the block calls its stack is no setting: the stack may have been renamed.
  const maker = dotenvOwner(text) ?? owner;
  if (withVariables(text, maker, variables) === text) return undefined;
  const written = block.exec(text)?.[0] ?? "";
  const wanted =
    block
      .exec(withVariables("", owner, variables))?.[0]
      .split("\n")
      .slice(1, -2) ?? [];
  const changed = Object.keys(variables).filter((_, index) => !written.includes(`\n${wanted[index]}\n`));
  return changed.length > 0
    ? `${changed.join(", ")} not as configured`
    : "another line assigns one of its variables";
}

/**
 * Writes the variables into a `.env` file: at once or not at all, mode 0600, other lines kept, no symlink followed.
 *
 * @throws a Problem where the file has another stack's variables, or is no regular file.
 */
export async function writeDotenv(file: string, owner: Holder, variables: Variables): Promise<void> {
  const stats = regularFile(file);
  const text = stats === undefined ? "" : readToChange(file, stats);
  const other = otherOwner(text, owner);
  if (other !== undefined) {
    const name = ownerName(other, owner);
    throw new Problem(
      `${file}: got the settings of stack ${name}, want none but those of ${owner.stack}; set cooperbenchDir to a folder of this stack's own, or destroy ${name}`,
    );
  }
  replace(file, withVariables(text, owner, variables, stats === undefined));
}

/** The variables that a stack has in a `.env` file; none where the file or its block is not there. */
export function variablesIn(file: string, owner: Owner): Variables {
  if (!statIfThere(file)?.isFile()) return {};
  const text = read(file);
  const found = block.exec(text);
  if (found === null || otherOwner(text, owner) !== undefined) return {};
  return Object.fromEntries(readAssignments(found[0]).map(({ name, value }) => [name, value]));
}

/** Takes a stack's variables out of a `.env` file, and the file too where it was made for them and is empty now. */
export async function removeFromDotenv(file: string, owner: Taker): Promise<void> {
  if (!existsSync(dirname(file))) return;
  removeBegun(file);
  rmSync(`${file}.cooperbench-machine.tmp`, { force: true }); // what a version before has begun, and was killed
  const stats = statIfThere(file);
  if (!stats?.isFile()) return; // what is there instead is the user's
  const text = read(file);
  const made = dotenvOwner(text);
  if (made === undefined || !isOf(made, owner) || isTakenOver(made, owner)) return;
  const rest = withoutVariables(text);
  if (rest === undefined) rmSync(file);
  else replace(file, rest);
}

/** The stack whose variables a `.env` file's text has; undefined where it has none. */
export function dotenvOwner(text: string): Holder | undefined {
  const { stack, id, holder } = block.exec(text)?.groups ?? {};
  return stack === undefined ? undefined : { stack, id, holder };
}

function otherOwner(text: string, owner: Owner): Owner | undefined {
  const maker = dotenvOwner(text);
  return maker === undefined || isOf(maker, owner) ? undefined : maker;
}

function regularFile(file: string): Stats | undefined {
  const stats = statIfThere(file);
  if (stats !== undefined && !stats.isFile()) {
    const got = stats.isSymbolicLink() ? "a symbolic link" : "no regular file";
    throw new Problem(
      `${file}: got ${got}, want a regular file or nothing, for it is to hold a key; move it away`,
    );
  }
  return stats;
}

function statIfThere(file: string): Stats | undefined {
  try {
    return lstatSync(file);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

const read = (file: string) => readText(file, constants.O_RDONLY | constants.O_NOFOLLOW);

function readToChange(file: string, stats: Stats): string {
  try {
    return read(file);
  } catch (error) {
    throw error instanceof Problem ? notOurs(file, stats, error) : error;
  }
}

/** Replaces a file at once, with mode 0600. It stays its owner's: an update by root takes it from nobody. */
function replace(file: string, text: string): void {
  try {
    writeWhole(file, text, { mode: 0o600, mustKeepOwner: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== "fchown") throw error;
    throw notOurs(file, lstatSync(file), error);
  }
}

function notOurs(file: string, { uid }: Stats, cause: unknown): Problem {
  const user = process.getuid?.() ?? "unknown";
  return new Problem(
    `${file} is user ${uid}'s, and this is user ${user}: it cannot be changed and stay theirs.\nFix: run this as user ${uid}, or make the file yours: chown ${user} ${shellWord(file)}`,
    { cause },
  );
}
