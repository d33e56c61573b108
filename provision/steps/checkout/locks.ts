import { existsSync, readdirSync, readlinkSync, realpathSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../../lib/problem.ts";

/** Seconds for which a git that is still at work is waited for. */
const patienceSeconds = 60;
/** Seconds after which a lock is of a git that is gone, where the system does not tell who has it open. */
const staleSeconds = 10;

/**
 * Removes the locks that a git which is gone has left in a checkout whose move was cut off. One that outlived the step
 * which started it is waited for.
 */
export async function clearLocks(folder: string): Promise<void> {
  for (const name of ["index.lock", "HEAD.lock"]) {
    const lock = join(folder, ".git", name);
    for (const until = Date.now() + patienceSeconds * 1000; isHeld(lock); await sleep(100)) {
      if (Date.now() > until)
        throw new Problem(`git is still at work in ${folder} (${lock})`, {
          advice: "wait until it ends, or end it, then run the command again",
        });
    }
    rmSync(lock, { force: true });
  }
}

/** Whether a git that runs has a lock. It keeps the file open until the lock is given back. */
function isHeld(lock: string): boolean {
  if (!existsSync(lock)) return false;
  const pids = numbersIn("/proc");
  if (pids.length === 0) return Date.now() - statSync(lock).mtimeMs < staleSeconds * 1000;
  const file = realpathSync(lock);
  return pids.some((pid) =>
    numbersIn(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === file;
      } catch {
        return false; // it has ended, or closed the file
      }
    }),
  );
}

function numbersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // another user's process, or a system without it
  }
}
