/**
 * A stack's block in a `.env`, and what in the file is the user's. Texts are bytes as Latin-1 characters, so that each byte
 * of the user's stays, whatever it is. What the lines of the user's mean is for python-dotenv to say.
 */
import { createHash } from "node:crypto";
import { runVariables, type Variables } from "../../benchmark/model.ts";
import type { Holder } from "../ownership/holder.ts";

/** The bytes of a file as such a text. */
export const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** The bytes of such a text. */
export const bytesOf = (text: string) => Buffer.from(text, "latin1");

/** What the first line of a block says. */
interface Begin extends Holder {
  /** Whether the file was made for the block. */
  readonly ownFile: boolean;
  /** Whether the line above had no end, and was given one. */
  readonly endedLine: boolean;
  /** Hash of the rest of the file that python-dotenv was asked about; undefined in a block of a version before. */
  readonly read: string | undefined;
}

/** A block, or what is left of one. */
interface Block {
  /** Undefined where its first line is lost. */
  readonly begin: Begin | undefined;
  /** Indices of its lines, with those of the user's among them. */
  readonly first: number;
  readonly last: number;
  /** Indices of the lines in it that are the update's. */
  readonly ours: readonly number[];
}

/** A `.env` by its lines. */
export interface Dotenv {
  /** With their ends. A byte order mark is a line of its own, without an end. */
  readonly lines: readonly string[];
  readonly blocks: readonly Block[];
  /** What is wrong with the blocks, each with its line: nothing can be written over it without a loss. */
  readonly faults: readonly string[];
}

const mark = "\u00ef\u00bb\u00bf";
const endLine = "# <<< cooperbench-machine <<<";
const kept = "# kept by cooperbench-machine: ";
const beginPattern =
  /^# >>> cooperbench-machine, stack (?<stack>[^ ,]+)(?:, id (?<id>[^ ,]+))?(?:, resource (?<holder>[^ ,]+))?(?:, read (?<read>[0-9a-f]+))?(?<endedLine>, which ended the line above)?(?<ownFile>, which made this file)? >>>$/;
const assignment = new RegExp(
  `^(${runVariables.join("|")})=(?:'((?:\\\\.|[^'\\\\])*)'|"(?:\\\\.|[^"\\\\])*"|[^'"]*)$`,
);

/** A line without its end, and blanks before that. */
const bare = (line = "") => line.replace(/[ \t]*(\r\n|\n|\r)?$/, "");

/** Reads a text. */
export function parseDotenv(text: string): Dotenv {
  const hasMark = text.startsWith(mark);
  const lines: string[] =
    (hasMark ? text.slice(mark.length) : text).match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
  if (hasMark) lines.unshift(mark);
  const number = (index: number) => index + (hasMark ? 0 : 1);
  const isOurs = (index: number) => assignment.test(bare(lines[index]));
  const markers = lines.flatMap((line, index) => {
    const begin = beginPattern.exec(bare(line))?.groups;
    return begin !== undefined || bare(line) === endLine ? [{ index, begin: begin && beginOf(begin) }] : [];
  });
  const blocks: Block[] = [];
  const faults: string[] = [];
  for (let at = 0; at < markers.length; at++) {
    const { index, begin } = markers[at] as (typeof markers)[number];
    const next = markers[at + 1];
    if (begin === undefined) {
      let first = index;
      while (isOurs(first - 1)) first--;
      blocks.push({ begin, first, last: index, ours: range(first, index) });
      faults.push(`line ${number(index)} ends a block of cooperbench-machine that no line begins`);
    } else if (next === undefined || next.begin !== undefined) {
      let last = index;
      while (isOurs(last + 1)) last++;
      blocks.push({ begin, first: index, last, ours: range(index, last) });
      faults.push(`the block of cooperbench-machine that line ${number(index)} begins has no last line`);
    } else {
      const inside = range(index + 1, next.index - 1);
      blocks.push({
        begin,
        first: index,
        last: next.index,
        ours: [index, ...inside.filter(isOurs), next.index],
      });
      for (const line of inside.filter((line) => !isOurs(line)))
        faults.push(`line ${number(line)} is in the block of cooperbench-machine, and no update wrote it`);
      at++;
    }
  }
  const [first, second] = blocks;
  if (first !== undefined && second !== undefined && faults.length === 0)
    faults.push(
      `the block of cooperbench-machine is there twice, from lines ${number(first.first)} and ${number(second.first)}`,
    );
  return { lines, blocks, faults };
}

/** The first line of the first block. */
export function beginIn({ blocks }: Dotenv): Begin | undefined {
  return blocks.find(({ begin }) => begin !== undefined)?.begin;
}

/** The update's lines of the first block, as they are read back: none that was changed by hand into another form. */
export function valuesIn({ lines, blocks: [block] }: Dotenv): Variables {
  const found = block?.ours.map((index) => assignment.exec(bare(lines[index]))) ?? [];
  return Object.fromEntries(
    found.flatMap((match) => {
      const [, name = "", value] = match ?? [];
      return value === undefined ? [] : [[name, Buffer.from(unescaped(value), "latin1").toString("utf8")]];
    }),
  );
}

/**
 * Names what in a text is the user's: the hash is another where one of those bytes is, or where the block stands among them.
 * The key is not in it. Undefined without a block.
 */
export function hashOf(dotenv: Dotenv): string | undefined {
  const parts = partsOf(dotenv);
  return parts && hashAround(parts.before, parts.after);
}

/** What of a text is the user's, once blocks are taken out. A line that a version before has kept as a comment is back. */
export function withoutBlocks({ lines, blocks }: Dotenv, isTaken = (_: Begin | undefined) => true): string {
  const taken = blocks.filter(({ begin }) => isTaken(begin));
  if (taken.length === 0) return lines.join("");
  const gone = new Set(taken.flatMap(({ ours }) => ours));
  const rest = lines.map((line, index) => (gone.has(index) ? "" : restored(line)));
  // What comes after has the end of the line above for its own.
  for (const { begin, first } of taken.toReversed())
    if (begin?.endedLine && first > 0 && rest.slice(first).every((line) => line === ""))
      rest[first - 1] = (rest[first - 1] ?? "").replace(/(\r\n|\n|\r)$/, "");
  return rest.join("");
}

/** What of a text is the user's before and after its one block; undefined where there is none. */
export function partsOf(dotenv: Dotenv): { readonly before: string; readonly after: string } | undefined {
  const [block] = dotenv.blocks;
  if (block === undefined) return undefined;
  const { lines } = dotenv;
  return {
    before: lines.slice(0, block.first).map(restored).join(""),
    after: lines
      .slice(block.last + 1)
      .map(restored)
      .join(""),
  };
}

/** What a new block says of the file. */
export interface BlockPlace {
  readonly before: string;
  /** Default: nothing. */
  readonly after?: string;
  readonly ownFile: boolean;
  /** Whether the last line of `before` had no end of its own. Default: false. */
  readonly endedLine?: boolean;
}

/** The user's bytes with the block of a stack among them. */
export function withBlock(place: BlockPlace, owner: Holder, variables: Variables): string {
  const { before: user, after = "", ownFile } = place;
  const isWhole = user === "" || user === mark || /[\r\n]$/.test(user);
  const endedLine = place.endedLine === true || !isWhole;
  const before = isWhole ? user : `${user}\n`;
  const begin = [
    `# >>> cooperbench-machine, stack ${owner.stack}`,
    ...(owner.id === undefined ? [] : [`id ${owner.id}`]),
    ...(owner.holder === undefined ? [] : [`resource ${owner.holder}`]),
    `read ${hashAround(before, after)}`,
    ...(endedLine ? ["which ended the line above"] : []),
    ...(ownFile ? ["which made this file"] : []),
  ];
  const lines = Object.entries(variables).map(([name, value]) => `${name}='${escaped(value)}'\n`);
  const block = `${begin.join(", ")} >>>\n${lines.join("")}${endLine}\n`;
  return before + textOf(Buffer.from(block, "utf8")) + after;
}

/** A line as it was before a version of old kept it as a comment. */
const restored = (line: string) => (line.startsWith(kept) ? line.slice(kept.length) : line);
const escaped = (value: string) => value.replace(/[\\']/g, "\\$&");
const unescaped = (value: string) => value.replace(/\\([\\'])/g, "$1");

/** As `hashOf`, of what stands before the block and after it. */
export function hashAround(before: string, after: string): string {
  const lengths = `${before.length} ${after.length} `;
  return createHash("sha256")
    .update(bytesOf(lengths + before + after))
    .digest("hex")
    .slice(0, 32);
}

function beginOf({
  stack = "",
  id,
  holder,
  read,
  endedLine,
  ownFile,
}: Record<string, string | undefined>): Begin {
  return { stack, id, holder, read, endedLine: endedLine !== undefined, ownFile: ownFile !== undefined };
}

const range = (first: number, last: number) =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, step) => first + step);
