import { parseOptions } from "./options.ts";

/** What `./machine clean` is told. */
export interface CleanOptions {
  readonly stack?: string | undefined;
  /** Whether to remove without asking. */
  readonly yes: boolean;
  /** Whether to print JSON; then nobody is asked. */
  readonly json: boolean;
}

/** Reads the arguments; undefined where they are not understood. */
export function cleanOptions(args: readonly string[]): CleanOptions | undefined {
  const read = parseOptions(args, {
    yes: { type: "boolean", short: "y", default: false },
    json: { type: "boolean", default: false },
  });
  return read && { ...read.values, stack: read.stack };
}
