import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";

const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Passes signals on to a program on this terminal, for as long as it runs. A terminal sends its interrupt to the program,
 * too, which may take a second one as an order to stop at once.
 *
 * @returns ends that.
 */
export function passSignals(child: ChildProcess): () => void {
  const pass = (signal: NodeJS.Signals) => (signal === "SIGINT" && process.stdin.isTTY) || child.kill(signal);
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
