import { createHash } from "node:crypto";
import { mkdirSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Runs `work` while no other process works on the rehearsal in `dir`.
 *
 * The lock is a listening socket in Linux's abstract namespace: the kernel drops it with the process, so
 * that a killed one leaves nothing behind. Its name comes from the parent folder's inode, not from its
 * path: the same folder has two paths inside and outside a chroot, and `dir` itself comes and goes.
 */
export async function withLock<T>(
  dir: string,
  report: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const name = lockName(dir);
  let server = await listen(name);
  if (server === undefined) report(`waiting: another command works on the rehearsal in ${dir}`);
  while (server === undefined) {
    await sleep(100);
    server = await listen(name);
  }
  try {
    return await work();
  } finally {
    server.close();
  }
}

/** The socket's name; makes the parent folder where there is none. */
function lockName(dir: string): string {
  mkdirSync(dirname(dir), { recursive: true });
  const { dev, ino } = statSync(dirname(dir));
  const key = createHash("sha256")
    .update(`${dev}:${ino}/${basename(dir)}`)
    .digest("hex")
    .slice(0, 32);
  return `\0cooperbench-rehearsal-${key}`;
}

/** The listening server, or undefined when another process has the name. */
function listen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen({ path: name }, () => {
      server.unref();
      resolve(server);
    });
  });
}
