import { styleText } from "node:util";
import type { Finding } from "../checks/finding.ts";
import type { Mark } from "../checks/status/checks.ts";
import { count } from "../checks/units.ts";

/** Of a finding, what is shown; its note stands behind what was found. */
export interface Shown extends Omit<Finding, "level"> {
  readonly level: Mark;
  readonly note?: string | undefined;
}

const marks: Readonly<Record<Mark, string>> = {
  ok: "ok",
  warning: "warning",
  blocker: "BLOCKER",
  off: "off",
};
const colours = { ok: "green", warning: "yellow", blocker: "red", off: "gray" } as const;
const width = Math.max(...Object.values(marks).map((mark) => mark.length));

/** Findings for a terminal, in columns: mark, check, what was found; the remedy on lines of its own. */
export function findingLines(findings: readonly Shown[], inColour: boolean): readonly string[] {
  const names = Math.max(...findings.map(({ check }) => check.length));
  const indent = " ".repeat(width + names + 4);
  return findings.flatMap(({ check, level, found, remedy, note }) => {
    const mark = marks[level].padEnd(width);
    const shown = inColour ? styleText(colours[level], mark, { validateStream: false }) : mark;
    const remedies = remedy?.split("\n").map((line) => `${indent}${line}`) ?? [];
    return [
      `${shown}  ${check.padEnd(names)}  ${found}${note === undefined ? "" : ` (${note})`}`,
      ...remedies,
    ];
  });
}

/** A finding as one line of a log. */
export function oneLine({ check, level, found, remedy }: Shown): string {
  const mend = remedy === undefined ? "" : `. Fix: ${remedy.replace(/^Fix: /, "").replaceAll("\n", "; ")}`;
  return `${marks[level]}: ${check}: ${found}${mend}`;
}

/** How many findings there are of each level. */
export interface FindingCounts {
  readonly ok: number;
  readonly warnings: number;
  readonly blockers: number;
}

/** Counts findings by their level. */
export function countFindings(findings: readonly Shown[]): FindingCounts {
  const of = (wanted: Mark) => findings.filter(({ level }) => level === wanted).length;
  return { ok: of("ok"), warnings: of("warning"), blockers: of("blocker") };
}

/** The counts in words. */
export function showCounts({ ok, warnings, blockers }: FindingCounts): string {
  return `${ok} ok, ${count(warnings, "warning")}, ${count(blockers, "blocker")}`;
}
