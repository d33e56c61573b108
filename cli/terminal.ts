const started = performance.now();

/** Says on standard error what is being done, with the seconds since the command was started. */
export function report(line: string): void {
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
}
