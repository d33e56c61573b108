/** Runs apt-get, with patience: a new machine's first upgrade of its own holds apt's locks for minutes. */
import { setTimeout as sleep } from "node:timers/promises";
import { environmentFor } from "./environment.ts";
import { findOnPath } from "./find-program.ts";
import { Problem } from "./problem.ts";
import type { Remedy } from "./remedy.ts";
import { run } from "./run.ts";

/** How long a lock is waited for, and how often it is tried. */
const PATIENCE_MS = 10 * 60_000;
const POLL_MS = 3_000;

/**
 * Runs `apt-get` to its end.
 *
 * @param waiting told once, where another program holds apt's locks.
 * @throws a Problem with what it printed where it fails.
 */
export async function aptGet(
  args: readonly string[],
  waiting: (line: string) => void,
  { patienceMs = PATIENCE_MS, pollMs = POLL_MS } = {},
): Promise<void> {
  const file = findOnPath("apt-get") ?? "apt-get";
  const env = environmentFor("program", process.env, { DEBIAN_FRONTEND: "noninteractive" });
  const end = Date.now() + patienceMs;
  for (let said = false; ; await sleep(pollMs)) {
    const { code, stdout, stderr, ending } = await run(file, args, { env });
    if (code === 0) return;
    const isLocked = /could not get lock|unable to (lock|acquire)/i.test(stderr);
    if (!isLocked || Date.now() > end) {
      const lines = (stderr.trim() || stdout.trim()).split("\n").slice(-20).join("\n");
      throw new Problem(
        `apt-get ${args.join(" ")} ${ending}:\n${lines}`,
        isLocked
          ? { advice: "wait until the other program has installed its packages, then run the command again" }
          : { command: ["sudo", "apt-get", "update"], when: "if it does not find a package" },
      );
    }
    if (!said)
      waiting("another program installs packages on this machine (apt's lock is held): waiting for it");
    said = true;
  }
}

/** Installs packages, on Debian and its like. */
export function aptInstall(...packages: readonly string[]): Remedy {
  return { command: ["sudo", "apt-get", "install", ...packages], when: "on Debian or Ubuntu" };
}
