/**
 * The lock of an installation. Each process that wants it puts a file of its own into the folder, and has the lock
 * when it then finds no other's there; else it takes its file back, and waits. So there is nothing that has to be
 * taken over from a process that was killed: its file counts no more.
 */
import { mkdirSync, utimesSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { forget, holders, record, sweep } from "./uses.mjs";

const RENEW_MS = 5_000;
const OTHER_HOST_MS = 60_000;

/**
 * Runs `work` while holding the lock, and says whom it waits for.
 *
 * @template T
 * @param {string} folder
 * @param {string} command what this process does it for
 * @param {(line: string) => void} report
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(folder, command, report, work) {
  mkdirSync(folder, { recursive: true });
  const mine = join(folder, `${process.pid}@${hostname()}`);
  const others = () => holders(folder, OTHER_HOST_MS).filter(({ file }) => file !== mine);
  for (let told = false; ; ) {
    const before = others();
    if (before.length === 0) {
      record(mine, process.pid, command);
      if (others().length === 0) break;
      forget(mine);
    } else if (!told) {
      report(`waiting for ${before[0]?.name}, which is installing this project's packages`);
      told = true;
    }
    // Two that met take turns sooner when they wait unequally long.
    await sleep(50 + 150 * Math.random());
  }
  sweep(folder, OTHER_HOST_MS);
  const renew = setInterval(() => {
    try {
      utimesSync(mine, new Date(), new Date());
    } catch {
      // Somebody removed the folder: the work is done all the same.
    }
  }, RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(renew);
    forget(mine);
  }
}
