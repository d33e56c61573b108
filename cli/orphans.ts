import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runVariable } from "./recorded-runs.ts";

/** What an update is made of: none other is ended, such as ssh's master or an agent that one of these has started. */
const PROGRAMS = /^(pulumi.*|node|uv|git|git-remote-.*|python[\d.]*|docker|(ba|da)?sh)$/;

/** Of git, what goes on for the user. */
const DAEMONS = /daemon|credential/;

/** Milliseconds that a process has to end by itself, its containers removed. */
const GRACE_MS = 15_000;

/**
 * Ends what a run of Pulumi that is gone has left running: its plugins, and the steps that they have started, which
 * would work on the same folders as the next update.
 *
 * @returns how many there were.
 */
export async function endOrphans(run: string, graceMs: number = GRACE_MS): Promise<number> {
  const found = processesOf(run);
  for (const pid of found) signal(pid, "SIGTERM");
  for (const end = Date.now() + graceMs; Date.now() < end && processesOf(run).length > 0; ) await sleep(50);
  // Again and again, for what runs may start another.
  for (const end = Date.now() + 5_000; Date.now() < end && processesOf(run).length > 0; await sleep(50))
    for (const pid of processesOf(run)) signal(pid, "SIGKILL");
  return found.length;
}

/** The processes that have the run in their environment, as all have that it started. */
function processesOf(run: string): readonly number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && isOf(pid, run));
}

function isOf(pid: number, run: string): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`${runVariable}=${run}`))
      return false;
    // A program whose file was replaced meanwhile is shown with this suffix.
    const program = basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
    return PROGRAMS.test(program) && !DAEMONS.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    return false; // it has ended, or is another user's
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
