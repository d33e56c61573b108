import { shellWord } from "./shell-word.ts";

/** What may end a fault. */
export type Remedy =
  /** A command that runs as it is shown, in the project's folder. A word in capitals, such as NAME, is the user's to choose. */
  | {
      readonly command: readonly string[];
      /** When it is the one that helps, where that is a question: `if its state is lost for good`. */
      readonly when?: string;
    }
  /** What no one command does, as an imperative without a full stop: `start the engine`. */
  | { readonly advice: string };

/** What is wrong, and what helps. */
export interface Fault {
  /** A sentence without a full stop. */
  readonly found: string;
  readonly remedies: Remedies;
}

/** A command that is a remedy, or comes next. */
export type Command = Extract<Remedy, { readonly command: unknown }>;

/** One remedy, or several of which one helps. */
export type Remedies = Remedy | readonly [Remedy, ...Remedy[]];

/** A command of this project as a remedy. */
export function machine(...words: readonly string[]): Command {
  return { command: ["./machine", ...words] };
}

/** Remedies in a message, each on lines of its own that begin with `Fix:`. */
export function remedyText(remedies: Remedies): string {
  return each(remedies)
    .map((remedy) => `Fix: ${textOf(remedy, ":\n  ")}`)
    .join("\n");
}

/** Remedies at the end of one line of a log. */
export function remedyLine(remedies: Remedies): string {
  return `Fix: ${each(remedies)
    .map((remedy) => textOf(remedy, ": "))
    .join("; or ")}`;
}

/** Remedies as a list. */
export function each(remedies: Remedies): readonly [Remedy, ...Remedy[]] {
  return "length" in remedies ? remedies : [remedies];
}

/** Several things' remedies, each once. */
export function merged(all: readonly Remedies[]): Remedies {
  const unique = new Map(all.flatMap(each).map((remedy) => [JSON.stringify(remedy), remedy]));
  return [...unique.values()] as [Remedy, ...Remedy[]];
}

/** Whether a remedy is the only one. */
export function isOnly(remedies: readonly Remedy[], remedy: Remedy): boolean {
  return remedies.length === 1 && remedies.every((one) => remedyText(one) === remedyText(remedy));
}

/** A remedy's command as it is typed. */
export function asTyped({ command }: Command): string {
  return command.map(shellWord).join(" ");
}

/**
 * A text, or JSON, with the stack's name in commands that are told of STACK: much that finds a fault does not know whose
 * machine it looks at.
 */
export function forStack(text: string, stack: string): string {
  return text
    .replaceAll(/(\.\/machine(?: [a-z]+)+) STACK\b/g, (_, before) => `${before} ${shellWord(stack)}`)
    .replaceAll(
      /("\.\/machine",\s+(?:"[a-z]+",\s+)+)"STACK"/g,
      (_, before) => before + JSON.stringify(stack),
    );
}

function textOf(remedy: Remedy, colon: string): string {
  if ("advice" in remedy) return remedy.advice;
  return `${remedy.when === undefined ? "" : `${remedy.when}${colon}`}${asTyped(remedy)}`;
}
