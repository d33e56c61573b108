/** How a command ends: one line that is the verdict, then one command that comes next. */
import { styleText } from "node:util";
import { asTyped, type Remedy } from "../lib/remedy.ts";
import { type Ending, exitCodes } from "./exit-codes.ts";
import type { Output } from "./terminal.ts";

interface Word {
  /** What the line begins with. */
  readonly word: string;
  readonly ending: Ending;
  readonly colour: "green" | "yellow" | "red";
}

const words = {
  ready: { word: "Ready", ending: "done", colour: "green" },
  rehearsed: { word: "Ready, as a rehearsal", ending: "done", colour: "green" },
  done: { word: "Done", ending: "done", colour: "green" },
  /** A run that goes on. */
  underWay: { word: "Under way", ending: "notReady", colour: "yellow" },
  /** An update whose steps have passed, beside which something is in the way of a run. */
  provisioned: { word: "Provisioned, not ready", ending: "done", colour: "yellow" },
  notReady: { word: "Not ready", ending: "notReady", colour: "red" },
  /** What was to be as it is wanted, and is not. */
  differs: { word: "Differs", ending: "differs", colour: "red" },
  failed: { word: "Failed", ending: "failed", colour: "red" },
  unchanged: { word: "Nothing was changed", ending: "failed", colour: "yellow" },
  interrupted: { word: "Interrupted", ending: "interrupted", colour: "yellow" },
} satisfies Readonly<Record<string, Word>>;

/** What a command came to. */
export interface Verdict {
  readonly outcome: keyof typeof words;
  /** Why, or how much, in one line. */
  readonly text: string;
  /** What comes next. */
  readonly next: Remedy;
}

/** The verdict of a command that tells whether a stack's machine is ready. */
export function readiness(isReady: boolean, isRehearsal: boolean): Verdict["outcome"] {
  if (!isReady) return "notReady";
  return isRehearsal ? "rehearsed" : "ready";
}

/** The exit code of a verdict. */
export function codeOf({ outcome }: Pick<Verdict, "outcome">): number {
  return exitCodes[words[outcome].ending];
}

/** A verdict in its line. */
export function verdictLine({ outcome, text }: Verdict): string {
  return `${words[outcome].word}: ${text}`;
}

/** What comes next, in its line. */
export function nextLine(next: Remedy): string {
  return `Next: ${nextText(next)}\n`;
}

function nextText(next: Remedy): string {
  return "advice" in next ? next.advice : asTyped(next);
}

/** Prints a verdict as the last lines of a command. Gives the exit code. */
export function conclude(
  { print, isInColour }: Pick<Output, "print" | "isInColour">,
  verdict: Verdict,
): number {
  const { word, colour } = words[verdict.outcome];
  const shown = isInColour ? styleText(colour, word, { validateStream: false }) : word;
  print(`${shown}${verdictLine(verdict).slice(word.length)}\n${nextLine(verdict.next)}`);
  return codeOf(verdict);
}

/** A verdict for a program to read. */
export function verdictJson(verdict: Verdict) {
  const { outcome, next } = verdict;
  return { outcome, verdict: verdictLine(verdict), next: nextText(next), exitCode: codeOf(verdict) };
}
