/** The commands that README.md and the pages of docs/ print. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");

/** What a reader has, by its path in the project. */
export const pages: readonly string[] = [
  "README.md",
  "bench/README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export const readPage = (page: string) => readFileSync(join(root, page), "utf8");

const block = /^[ \t]*```.*\n([\s\S]*?)^[ \t]*```$/gm;

/** The code blocks of a page, each with the heading that it stands under. */
export function codeBlocks(page: string) {
  return [...page.matchAll(block)].map(({ 1: code = "", index }) => ({
    heading: /^#+ (.*)$/m.exec(page.slice(page.slice(0, index).lastIndexOf("\n#") + 1))?.[1] ?? "",
    lines: code.trimEnd().split("\n"),
  }));
}

/** A page without its code blocks. */
export const sentences = (page: string) => page.replace(block, "");

/** The commands of a line of sh, as words: without comment, prompt, variables before them and redirections. */
export function commandsIn(line: string): readonly (readonly string[])[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  const comment = words.findIndex((word) => word.startsWith("#"));
  const commands: string[][] = [[]];
  for (const word of comment < 0 ? words : words.slice(0, comment)) {
    const command = commands.at(-1) as string[];
    const isBefore = command.length === 0 && /^(\w+=|\$$)/.test(word);
    if (["&&", "||", "|", ";"].includes(word)) commands.push([]);
    else if (!isBefore && !/^\d?[<>]/.test(word)) command.push(word.replace(/['"]/g, ""));
  }
  return commands;
}
