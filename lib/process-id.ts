/**
 * Which process made something, in a form that fits a file's name and a label, and whether that process is gone. A
 * number alone does not tell: it is given to another process later, and other machines have the same ones.
 */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";

/** Where numbers of processes count: a machine, one of its boots, and a process namespace (a container has its own). */
export interface Place {
  /** Digest of the machine's id; `none` where it has none. */
  readonly machine: string;
  /** Digest of the id of this boot. */
  readonly boot: string;
  readonly namespace: string;
}

/** A process that no other is taken for. */
export interface ProcessId extends Place {
  readonly pid: number;
  /** When it started, in clock ticks since the boot. */
  readonly start: string;
}

/** The place of this process; undefined on a system without Linux's /proc. */
export function placeHere(): Place | undefined {
  try {
    const [namespace = ""] = /\d+/.exec(readlinkSync("/proc/self/ns/pid")) ?? [];
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return { machine: machineId(), boot: digest(boot), namespace };
  } catch {
    return undefined;
  }
}

/** This process, as text; `unknown` on a system without Linux's /proc. */
export function thisProcess(): string {
  const place = placeHere();
  const start = startOf(process.pid);
  return place === undefined || start === undefined
    ? "unknown"
    : showProcess({ ...place, pid: process.pid, start });
}

/** A process as text: letters, digits and dashes. */
export function showProcess({ machine, boot, namespace, pid, start }: ProcessId): string {
  return [machine, boot, namespace, pid, start].join("-");
}

/** The form of that text, with a group for each part. */
export const processPattern = "([0-9a-f]{12}|none)-([0-9a-f]{12})-(\\d+)-(\\d+)-(\\d+)";

/** Reads such a text; undefined where it is none. */
export function parseProcess(text: string): ProcessId | undefined {
  const parts = new RegExp(`^${processPattern}$`).exec(text);
  if (parts === null) return undefined;
  const [, machine = "", boot = "", namespace = "", pid = "", start = ""] = parts;
  return { machine, boot, namespace, pid: Number(pid), start };
}

/** Whether a process surely has ended. One of another machine, or of another container, cannot be seen from here. */
export function isGone(wanted: ProcessId, here: Place | undefined = placeHere()): boolean {
  if (here === undefined || wanted.machine !== here.machine) return false;
  if (wanted.boot !== here.boot) return here.machine !== "none";
  if (wanted.namespace !== here.namespace) return false;
  const start = startOf(wanted.pid);
  return start === undefined ? !isThere(wanted.pid) : start !== wanted.start;
}

/** Whether a process, as `thisProcess` wrote it, may still be at work. Of one that cannot be known, no. */
export function isAtWork(text: string | undefined): boolean {
  const wanted = parseProcess(text ?? "");
  return wanted !== undefined && !isGone(wanted);
}

/** Whether a process, as `thisProcess` wrote it, surely has ended. Of one that cannot be known, no. */
export function hasEnded(text: string | undefined): boolean {
  const wanted = parseProcess(text ?? "");
  return wanted !== undefined && isGone(wanted);
}

/** The command line of a process; empty where it has ended, or cannot be seen. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** When a process started, in clock ticks since the boot; undefined where it has ended or cannot be seen. */
export function startOf(pid: number): string | undefined {
  try {
    return startIn(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** The start in the text of /proc/PID/stat; undefined for a process that has ended and is not yet waited for. */
export function startIn(stat: string): string | undefined {
  // The second field is the program's name in brackets, which may hold anything.
  const [state = "", ...fields] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .trim()
    .split(" ");
  return /^[ZX]$/.test(state) ? undefined : fields[18];
}

/** Whether there is a process of that number, though /proc may be mounted so that it does not show those of others. */
export function isThere(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return startIn(stat) !== undefined;
  } catch {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== "ESRCH";
    }
  }
}

function machineId(): string {
  try {
    const id = readFileSync("/etc/machine-id", "utf8").trim();
    return id === "" ? "none" : digest(id);
  } catch {
    return "none";
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
