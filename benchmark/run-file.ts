import { readFileSync, statSync } from "node:fs";
import prettyBytes from "pretty-bytes";

/** Bytes of a file that is read whole: far more than what an agent's hundred steps leave. */
const mostBytes = 256 * 2 ** 20;

/** A file of a run that cannot be read. The message says of which name, and why. */
export class RunFileError extends Error {
  override readonly name = "RunFileError";
  /** Whether its writer was ended, or it is not all there: the machine's doing. */
  readonly isCutOff: boolean;

  constructor(message: string, isCutOff = false) {
    super(message);
    this.isCutOff = isCutOff;
  }
}

/**
 * What a JSON file of a run holds; undefined where there is no such file.
 *
 * @throws RunFileError where it is none, cannot be read, or is too large.
 */
export function readRunFile(file: string, name: string): unknown {
  let text: string;
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (!stat.isFile()) throw new RunFileError(`${name} is no file`);
    if (stat.size > mostBytes)
      throw new RunFileError(
        `${name} has ${prettyBytes(stat.size)}, more than the ${prettyBytes(mostBytes)} that are read`,
      );
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof RunFileError) throw error;
    throw new RunFileError(`${name} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  if (text.startsWith("\ufeff"))
    throw new RunFileError(`${name} begins with a byte order mark, which CooperBench does not write`);
  const read = [text, withoutNaN(text)].map(parsed).find((one) => one !== undefined);
  return read === undefined ? cutOff(name) : read;
}

function cutOff(name: string): never {
  throw new RunFileError(`${name} is no JSON, as where it was cut off while it was written`, true);
}

/** What a JSON text says; undefined where it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Python writes NaN and Infinity, which no JSON has: they are no numbers to go by. */
function withoutNaN(text: string): string {
  return text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/gs, (token) =>
    token.startsWith('"') ? token : "null",
  );
}
