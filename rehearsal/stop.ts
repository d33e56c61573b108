import { existsSync } from "node:fs";
import { Problem } from "../lib/problem.ts";
import { machine, type Remedy } from "../lib/remedy.ts";
import { stopEngine } from "./engine.ts";
import { checkIsRehearsal } from "./folder.ts";
import { withLock } from "./folder-lock.ts";
import { endNetwork } from "./network.ts";
import { endRegistry } from "./registry.ts";
import type { Rehearsal } from "./rehearsal.ts";

/** Does what `stopRehearsal` says. */
export async function stop(r: Rehearsal, report: (line: string) => void): Promise<void> {
  if (!existsSync(r.dir)) return report(`no rehearsal in ${r.dir}`);
  await withLock(r.dir, report, async () => {
    if (process.getuid?.() !== 0)
      throw new Problem("the rehearsal runs as root, and only root can stop it", asRoot("stop", r.dir));
    checkIsRehearsal(r.dir);
    const began = Date.now();
    await endProcesses(r.dir, stopEngine);
    report(`rehearsal stopped; ${r.dir} and its images stay (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  });
}

/** Ends all that a rehearsal runs; its engine in the way that is named. */
export async function endProcesses(dir: string, end: (dir: string) => Promise<void>): Promise<void> {
  await end(dir);
  await endRegistry(dir);
  await endNetwork(dir);
}

/** Runs a command for a rehearsal as root. */
export function asRoot(verb: "stop" | "remove", dir: string): Remedy {
  return { command: ["sudo", ...machine("rehearsal", verb, dir).command] };
}
