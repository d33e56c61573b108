import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { recordedIn } from "../lib/pid-file.ts";
import { Problem } from "../lib/problem.ts";

/** The programs that a rehearsal starts, itself or through its engine: none other is ever ended. */
const PROGRAMS = /^(dockerd|containerd|containerd-shim.*|docker-proxy|docker-registry|registry|runc)$/;

/** Starts a program that outlives this process, its streams in DIR/log/NAME.log. */
export function startService(
  dir: string,
  name: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  mkdirSync(join(dir, "run"), { recursive: true });
  mkdirSync(join(dir, "log"), { recursive: true });
  const log = openSync(logFile(dir, name), "w");
  const [shell, ...args] = recordedIn(pidFile(dir, name), argv);
  const child = spawn(shell, args, {
    cwd: "/",
    detached: true,
    env,
    stdio: ["ignore", log, log],
  });
  child.unref();
  return child;
}

/** The recorded process of that name, if it runs and is this rehearsal's. */
export function runningService(dir: string, name: string): number | undefined {
  if (!existsSync(pidFile(dir, name))) return undefined;
  const pid = Number(readFileSync(pidFile(dir, name), "utf8"));
  return Number.isInteger(pid) && pid > 1 && isOurs(pid, dir) ? pid : undefined;
}

/**
 * Whether a process works on this very folder: its command line names it, and the name leads it to the
 * same inode. A pid reused after a reboot fails the first, a rehearsal in a chroot the second.
 */
function isOurs(pid: number, dir: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    if (!command.split("\0").some((part) => part.includes(`${dir}/`))) return false;
    const [theirs, ours] = [statSync(`/proc/${pid}/root${dir}`), statSync(dir)];
    return theirs.ino === ours.ino && theirs.dev === ours.dev;
  } catch {
    return false; // It ended while we looked.
  }
}

/** Every process of this rehearsal, recorded or not: what a killed engine leaves behind is found too. */
export function findProcesses(dir: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => PROGRAMS.test(programOf(pid)) && isOurs(pid, dir));
}

function programOf(pid: number): string {
  try {
    // A program whose file was replaced meanwhile is shown with this suffix.
    return basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
  } catch {
    return "";
  }
}

/** Ends a process: politely, and after `graceSeconds` for good. Returns when it is gone. */
export async function endProcess(pid: number, dir: string, graceSeconds: number): Promise<void> {
  signal(pid, "SIGTERM");
  if (await until(() => !isOurs(pid, dir), graceSeconds)) return;
  signal(pid, "SIGKILL");
  if (!(await until(() => !isOurs(pid, dir), 10)))
    throw new Problem(`process ${pid} does not end, even after SIGKILL`, {
      advice: "restart the machine: the kernel holds it",
    });
}

/** Ends the recorded process of that name, if there is one, and forgets it. */
export async function endService(dir: string, name: string, graceSeconds: number): Promise<void> {
  const pid = runningService(dir, name);
  if (pid !== undefined) await endProcess(pid, dir, graceSeconds);
  rmSync(pidFile(dir, name), { force: true });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Waits until `holds`, asking every 20 ms; false when it does not within `seconds`. */
export async function until(holds: () => boolean | Promise<boolean>, seconds: number): Promise<boolean> {
  for (const end = Date.now() + seconds * 1000; ; await sleep(20)) {
    if (await holds()) return true;
    if (Date.now() > end) return false;
  }
}

/** Where a service's output goes. */
export function logFile(dir: string, name: string): string {
  return join(dir, "log", `${name}.log`);
}

function pidFile(dir: string, name: string): string {
  return join(dir, "run", `${name}.pid`);
}
