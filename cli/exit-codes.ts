/** The exit codes of `./machine`: what its commands give, what the help prints, and what docs/output.md shows. */

import { Problem } from "../lib/problem.ts";

/** That a command line was not understood, and nothing was done. */
export class NotUnderstood extends Problem {}

interface ExitCode {
  readonly code: number;
  /** For the help: one line. Empty where that of an ending with the same code says it too. */
  readonly means: string;
}

const table = {
  done: { code: 0, means: "done; for status and other checks: nothing is in the way" },
  failed: { code: 1, means: "failed, not ready, or nothing was done; plan --check: the run is still going" },
  notReady: { code: 1, means: "" },
  notUnderstood: { code: 2, means: "wrong command line; nothing was done" },
  differs: { code: 7, means: "preview --expect-no-changes: something differs" },
  interrupted: { code: 130, means: "interrupted (Ctrl-C, or a signal); what was done is kept" },
} satisfies Readonly<Record<string, ExitCode>>;

/** What an exit code is for. */
export type Ending = keyof typeof table;

/** The code of each ending. Scripts rely on 1 for what is not ready. */
export const exitCodes = Object.fromEntries(
  Object.entries(table).map(([ending, { code }]) => [ending, code]),
) as Readonly<Record<Ending, number>>;

const rows = Object.values(table).filter(({ means }) => means !== "");

/** The table in lines, without indentation. `run`, `exec` and `pulumi` give the code of the program that they start. */
export const exitCodeLines: readonly string[] = [
  ...rows.map(({ code, means }) => `${String(code).padEnd(3)}  ${means}`),
  "run, exec and pulumi: the exit code of the program that they start",
];
