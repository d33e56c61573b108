import { Problem } from "./problem.ts";

/** A signal that is aborted where this process is told to end: what it has begun is its own to end. */
export function abortOnSignal(): AbortSignal {
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => abort.abort());
  return abort.signal;
}

/** Throws a Problem after an abort. */
export function assertGoesOn(abort: AbortSignal | undefined): void {
  if (abort?.aborted === true) throw new Problem("it was interrupted", { advice: "run the command again" });
}
