/** Asks python-dotenv what it reads, as the checkout's own environment has it. It alone decides what a `.env` means. */
import type { Variables } from "../../benchmark/model.ts";
import { Problem } from "../../lib/problem.ts";
import type { RunOptions } from "../../lib/run.ts";
import { newEnvironment } from "../remedies.ts";
import { errorKindOf, lastLineOf, programAt, runVenvPython } from "./venv-python.ts";

/** How python-dotenv reads a file, held against what is wanted of it. */
export interface Misread {
  /** Names of the wanted variables that it has with another value, or not at all. */
  readonly other: readonly string[];
  /** Lines that it can read no statement of, from 1. */
  readonly unread: readonly number[];
}

/** Has files of these bytes read, which may not be there yet. Gives what came of each. */
export type AskDotenv = (files: readonly Uint8Array[], wanted: Variables) => Promise<readonly Misread[]>;

/** A file, with what is wanted of it. */
export interface DotenvCase {
  readonly bytes: Uint8Array;
  readonly wanted: Variables;
}

/** Where a run looks for one of its files: the first one that is there is loaded. */
export interface Search {
  readonly files: readonly string[];
  /** Whether litellm looks there, which LITELLM_MODE can keep from it. */
  readonly isOfLitellm: boolean;
}

/** What a run is to load. */
export interface RunAsked {
  readonly searches: readonly Search[];
  /** The checkout's `.env`. */
  readonly own: string;
  readonly wanted: Variables;
  /** What other variables are compared with. */
  readonly also: Variables;
  /** Pattern of the names of other variables that are looked for. */
  readonly names: string;
}

/** Where a run's variable comes from. */
export type Origin = { readonly exported: true } | { readonly file: string; readonly line: number };

/** A variable of a run, without its value. */
export interface RunVariable {
  readonly origin: Origin;
  /** Whether it has the wanted value. */
  readonly isSame: boolean;
  readonly isBlank: boolean;
}

/** What a run would have. */
export interface RunRead {
  /** Of the checkout's `.env`; null where there is none. */
  readonly own: Misread | null;
  readonly variables: Readonly<Record<string, RunVariable>>;
  /** The file that loading ends at with an error, as the run does. */
  readonly failed: { readonly file: string; readonly error: string } | null;
}

/** As `AskDotenv`, by the environment of a checkout. */
export function askerIn(folder: string): AskDotenv {
  return (files, wanted) =>
    readCases(
      folder,
      files.map((bytes) => ({ bytes, wanted })),
    );
}

/** Has files read, all by one process. */
export function readCases(folder: string, cases: readonly DotenvCase[]): Promise<readonly Misread[]> {
  return ask(folder, {
    cases: cases.map(({ bytes, wanted }) => ({ bytes: Buffer.from(bytes).toString("base64"), wanted })),
  });
}

/** Has a run's files loaded as it loads them, by a process with a run's variables. */
export function readRun(
  folder: string,
  run: RunAsked,
  options: Pick<RunOptions, "env" | "abort">,
): Promise<RunRead> {
  return ask(folder, { run }, options);
}

/** @throws a Problem where the environment has no python-dotenv. What is said of that has no line of a file. */
async function ask<Answer>(
  folder: string,
  input: unknown,
  options: Partial<Pick<RunOptions, "env" | "abort">> = {},
): Promise<Answer> {
  // Nothing is written into the environment, not even what Python has compiled.
  const { code, stdout, stderr, ending } = await runVenvPython(folder, ["-B", programAt("read_dotenv.py")], {
    ...options,
    input: JSON.stringify(input),
    timeoutSeconds: 30,
    keep: 4_000_000,
  });
  if (code === 0) return lastLineOf<Answer>(stdout);
  const kind = errorKindOf(stderr);
  throw new Problem(
    `python-dotenv cannot be asked: the Python of ${folder}/.venv ${ending} (${kind})`,
    newEnvironment(folder),
  );
}
