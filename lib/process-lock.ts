/**
 * A lock between processes: a file with its holder's process id. The holder renews its time while it works; a file
 * whose holder is gone, or whose time has not been renewed, is taken over.
 */
import { readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { rename, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { isThere } from "./process-id.ts";

const RENEW_MS = 5_000;
/** A holder on another machine cannot be asked; so long without renewal means that it is gone. */
const STALE_MS = 60_000;
const POLL_MS = 200;

/** Runs `work` while holding the lock, and says when another process has to be waited for. */
export async function withLock<T>(
  file: string,
  report: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const mine = `${process.pid} ${hostname()} ${Math.random()}`;
  for (let said = false; !tryLock(file, mine); ) {
    const holder = readLock(file);
    if (holder !== undefined && isStale(holder, file)) {
      await takeAway(file, holder);
      continue;
    }
    if (!said && holder !== undefined) {
      report(`waiting for process ${holder.split(" ")[0]}, which is doing the same work`);
      said = true;
    }
    await sleep(POLL_MS);
  }
  const renew = setInterval(() => {
    if (readLock(file) === mine) utimesSync(file, new Date(), new Date());
  }, RENEW_MS);
  const release = () => {
    if (readLock(file) === mine) unlinkSync(file);
  };
  process.once("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(renew);
    process.off("exit", release);
    release();
  }
}

function tryLock(file: string, mine: string): boolean {
  try {
    writeFileSync(file, mine, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readLock(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether a lock's holder is gone. An empty file is one whose holder has not written its name yet. */
export function isStale(holder: string, file: string, now = Date.now()): boolean {
  const [pid, host] = holder.split(" ");
  const renewed = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now;
  if (now - renewed > STALE_MS) return true;
  return Boolean(pid) && host === hostname() && !isThere(Number(pid));
}

/** Removes a stale lock, unless another process was faster and holds it now. */
async function takeAway(file: string, holder: string): Promise<void> {
  const aside = `${file}.stale-${process.pid}`;
  try {
    await rename(file, aside);
    if (readLock(aside) !== holder) await rename(aside, file);
    else await unlink(aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
