import { styleText } from "node:util";
import type { Mark, StatusCheck } from "../checks/status/checks.ts";
import { count } from "../checks/units.ts";
import { Problem } from "../lib/problem.ts";
import { merged, type Remedy, remedyLine, remedyText } from "../lib/remedy.ts";

/** Of a finding, what is shown; its note stands behind what was found. */
export interface Shown extends Pick<StatusCheck, "check" | "level" | "found" | "remedies"> {
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
  return findings.flatMap(({ check, level, found, remedies, note }) => {
    const mark = marks[level].padEnd(width);
    const shown = inColour ? styleText(colours[level], mark, { validateStream: false }) : mark;
    return [
      `${shown}  ${check.padEnd(names)}  ${found}${note === undefined ? "" : ` (${note})`}`,
      ...(isSome(remedies) ? remedyText(remedies).split("\n") : []).map((line) => `${indent}${line}`),
    ];
  });
}

/** A finding as one line of a log. */
export function oneLine({ check, level, found, remedies }: Shown): string {
  const mend = isSome(remedies) ? `. ${remedyLine(remedies)}` : "";
  return `${marks[level]}: ${check}: ${found}${mend}`;
}

/** Findings as one failure: what each has found, and what helps, each once. */
export function problemOf(what: string, findings: readonly Shown[]): Problem {
  const lines = findingLines(
    findings.map((finding) => ({ ...finding, remedies: [] })),
    false,
  );
  const remedies = findings.flatMap((one) => one.remedies);
  const found = [`${what}:`, ...lines.map((line) => `  ${line}`)].join("\n");
  return new Problem(found, isSome(remedies) ? merged(remedies) : { advice: "see above" });
}

function isSome(remedies: readonly Remedy[]): remedies is readonly [Remedy, ...Remedy[]] {
  return remedies.length > 0;
}

/**
 * What comes next where something is in the way: what helps against the first of these, or, where that depends, a word
 * that one of its fixes is to be chosen; undefined for none.
 */
export function firstFix(blockers: readonly Shown[]): Remedy | undefined {
  const [first] = blockers;
  if (first === undefined) return undefined;
  const [only, ...others] = first.remedies;
  if (only !== undefined && others.length === 0) return only;
  const sure = first.remedies.find((remedy) => "command" in remedy && remedy.when === undefined);
  return sure ?? { advice: `do what the Fix of ${first.check} says` };
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
