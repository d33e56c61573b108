import { readlinkSync } from "node:fs";
import { join } from "node:path";

const script = join(import.meta.dirname, "enter.sh");

/**
 * The command that becomes another, for which files are at other places. It is started in a mount namespace of its own.
 *
 * @param covers pairs of a file and its place.
 */
export function insideArgv(
  work: string,
  covers: readonly string[],
  argv: readonly string[],
): readonly string[] {
  return ["/bin/sh", script, readlinkSync("/proc/self/ns/mnt"), work, ...covers, "--", ...argv];
}
