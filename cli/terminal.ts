const started = performance.now();

/** Says on standard error what is being done, with the seconds since the command was started. */
export function report(line: string): void {
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
}

/** Whether standard output is a terminal that is to have colours. */
export function isInColour(): boolean {
  return process.stdout.isTTY && !process.env.NO_COLOR;
}

/** Lines that stay, and one below them that tells how far things are. */
export interface StatusTerminal {
  print(lines: readonly string[]): void;
  /** Tells how far things are; an empty text ends it. */
  status(text: string): void;
}

/** Milliseconds between two lines of a log that tell how far things are. */
const logEveryMs = 10_000;

/**
 * Standard output with a status line: at a terminal the last line, drawn again under whatever is printed; in a log a
 * line every ten seconds.
 *
 * @param clock milliseconds, never going back.
 */
export function statusTerminal(
  out: NodeJS.WriteStream = process.stdout,
  clock: () => number = () => performance.now(),
): StatusTerminal {
  if (!out.isTTY) {
    let told = Number.NEGATIVE_INFINITY;
    return {
      print: (lines) => out.write(lines.map((line) => `${line}\n`).join("")),
      status(text) {
        if (text === "" || clock() - told < logEveryMs) return;
        told = clock();
        out.write(`${text}\n`);
      },
    };
  }
  const clear = "\r\u001b[K";
  let current = "";
  const draw = () => current.slice(0, Math.max(0, out.columns - 1));
  return {
    print(lines) {
      if (lines.length > 0) out.write(`${clear}${lines.map((line) => `${line}\n`).join("")}${draw()}`);
    },
    status(text) {
      current = text;
      out.write(`${clear}${draw()}`);
    },
  };
}
