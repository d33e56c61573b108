import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/**
 * When a process was started, in the words of its system: with its pid, this tells it from a later one of that pid.
 *
 * @returns undefined where it has ended.
 */
export function processStart(pid: number): string | undefined {
  if (!existsSync("/proc/self/stat")) {
    const { status, stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return (status === 0 && stdout.trim()) || undefined;
  }
  try {
    // The program's name, in brackets, may have blanks and brackets itself.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? undefined : rest[18];
  } catch {
    return undefined;
  }
}

/** The command line of a process; empty where it has ended. */
export function commandLine(pid: number): string {
  if (!existsSync("/proc/self/cmdline"))
    return spawnSync("ps", ["-ww", "-o", "args=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
