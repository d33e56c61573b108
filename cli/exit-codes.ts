/** The exit codes of `./machine`: what its commands give, what the help prints, and what docs/output.md shows. */

import { Problem } from "../lib/problem.ts";

/** That a command line was not understood, and nothing was done. */
export class NotUnderstood extends Problem {}

interface ExitCode {
  readonly code: number;
  /** For the help: one line. */
  readonly means: string;
}

const table = {
  done: { code: 0, means: "done; for status and other checks: nothing is in the way" },
  failed: { code: 1, means: "failed, or nothing was done" },
  notReady: {
    code: 1,
    means: "not ready for a run, or for an update; plan --check: the run is still going",
  },
  differs: { code: 7, means: "preview --expect-no-changes: something differs" },
  notUnderstood: { code: 2, means: "wrong command line; nothing was done" },
  interrupted: { code: 130, means: "interrupted (Ctrl-C, or a signal); what was done is kept" },
} satisfies Readonly<Record<string, ExitCode>>;

/** What an exit code is for. */
export type Ending = keyof typeof table;

/** The code of each ending. Scripts rely on 1 for what is not ready. */
export const exitCodes = Object.fromEntries(
  Object.entries(table).map(([ending, { code }]) => [ending, code]),
) as Readonly<Record<Ending, number>>;

/** The table in lines, without indentation. `run`, `exec` and `pulumi` give the code of the program that they start. */
export const exitCodeLines: readonly string[] = [
  ...Object.values(table).map(({ code, means }) => `${String(code).padEnd(3)}  ${means}`),
  "run, exec and pulumi: the exit code of the program that they start",
];
