import { styleText } from "node:util";
import type { Finding, Level } from "../preflight/finding.ts";

const marks: Readonly<Record<Level, string>> = { ok: "ok", warning: "warning", blocker: "BLOCKER" };
const colours = { ok: "green", warning: "yellow", blocker: "red" } as const;
const width = Math.max(...Object.values(marks).map((mark) => mark.length));

/** Findings for a terminal, in columns: mark, check, what was found; the remedy on lines of its own. */
export function findingLines(findings: readonly Finding[], inColour: boolean): readonly string[] {
  const names = Math.max(...findings.map(({ check }) => check.length));
  const indent = " ".repeat(width + names + 4);
  return findings.flatMap(({ check, level, found, remedy }) => {
    const mark = marks[level].padEnd(width);
    const shown = inColour ? styleText(colours[level], mark, { validateStream: false }) : mark;
    const remedies = remedy?.split("\n").map((line) => `${indent}${line}`) ?? [];
    return [`${shown}  ${check.padEnd(names)}  ${found}`, ...remedies];
  });
}

/** A finding as one line of a log. */
export function oneLine({ check, level, found, remedy }: Finding): string {
  const mend = remedy === undefined ? "" : `. To mend it: ${remedy.replaceAll("\n", "; ")}`;
  return `${marks[level]}: ${check}: ${found}${mend}`;
}

/** How many findings there are of each level. */
export interface FindingCounts {
  readonly ok: number;
  readonly warnings: number;
  readonly blockers: number;
}

/** Counts findings by their level. */
export function countFindings(findings: readonly Finding[]): FindingCounts {
  const of = (wanted: Level) => findings.filter(({ level }) => level === wanted).length;
  return { ok: of("ok"), warnings: of("warning"), blockers: of("blocker") };
}
