import { mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { entryAt } from "../lib/files.ts";

/** Names of the runs of the demo, whose model is a mock. */
export const demoRunName = /^machine-demo-(solo|coop)(-\d+)?$/;

/** Makes the folder of a run of the demo below logs/, under a name that nothing there has. Gives the name. */
export function makeDemoRun(logs: string, setting: "solo" | "coop", count = 1): string {
  const name = `machine-demo-${setting}${count === 1 ? "" : `-${count}`}`;
  mkdirSync(logs, { recursive: true });
  try {
    mkdirSync(join(logs, name));
    return name;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return makeDemoRun(logs, setting, count + 1);
  }
}

/** Removes runs of the demo, and logs/ where nothing else is in it: an empty one would keep the checkout from its removal. */
export function removeDemoRuns(logs: string, names: readonly string[]): void {
  for (const name of names) rmSync(join(logs, name), { recursive: true, force: true });
  // A link, which is the user's, stays.
  if (entryAt(logs)?.isDirectory() && readdirSync(logs).length === 0) rmdirSync(logs);
}
