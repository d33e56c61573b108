/** Programs that have this terminal, or this command's streams, for themselves. */

import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";

const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Passes signals on to a program on this terminal, for as long as it runs. A terminal sends its interrupt to the program,
 * too, which may take a second one as an order to stop at once.
 *
 * @param seen is called for each. Default: nobody is told.
 * @returns ends that.
 */
export function passSignals(child: ChildProcess, seen?: () => void): () => void {
  const pass = (signal: NodeJS.Signals) => {
    seen?.();
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const name of names) process.on(name, pass);
  return () => {
    for (const name of names) process.off(name, pass);
  };
}

/** The exit code of a program that has ended, as a shell gives it. */
export function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  if (code !== null) return code;
  return 128 + (signal === null ? 0 : (constants.signals[signal] ?? 0));
}

/** Runs a program whose input and output are this command's own, and passes signals on. Gives its exit code. */
export function runHere(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: "inherit" });
    const release = passSignals(child);
    child.on("error", (error) => {
      release();
      reject(new Problem(`${file} could not be started: ${error.message}`, machine("up", "STACK")));
    });
    child.on("close", (code, signal) => {
      release();
      resolve(exitCode(code, signal));
    });
  });
}
