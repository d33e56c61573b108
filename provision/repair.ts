/**
 * What makes a repair a change. The program's inputs say what was found wrong, and stay as they are in the state once it
 * is right. So the same finding must differ from the last one of its kind, and be the same in a preview and in the update
 * that follows it: it names the repair that it belongs to, which lasts until something was put right.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Environment } from "../lib/environment.ts";
import { writeWhole } from "../lib/files.ts";
import { dataFolder } from "../lib/xdg.ts";
import type { Owner } from "./ownership/owner.ts";
import { stackIdentity } from "./ownership/temporary.ts";

/** Names of this process's own, for stacks whose file cannot be written: each of its updates is another repair then. */
const ofProcess = newName();

/**
 * The stack's next repair: a word of the stack's own, in a file in the user's data folder, which is made where it is not
 * there.
 */
export function nextRepair(owner: Owner, env: Environment = process.env): string {
  const file = repairFile(owner, env);
  return readName(file) ?? writeName(file) ?? ofProcess;
}

/** A finding as an input has it. */
export function findingOf(repair: string, finding: string): string {
  return `${finding} (repair ${repair})`;
}

/** What was found, of an input that says it; those of older states have a time instead of a repair. */
export function foundIn(input: string): string {
  return input.replace(/ \((repair|seen) [^)]*\)$/, "");
}

/**
 * Ends the stack's repair, so that whatever is found from now on is a change. Nothing where it is another by now.
 *
 * @param finding that was put right, as `findingOf` gives it. Default: whatever is.
 * @throws an error where the file can be read and not removed: what is lost again would not be seen.
 */
export function endRepair(owner: Owner, finding?: string, env: Environment = process.env): void {
  const file = repairFile(owner, env);
  const name = readName(file);
  if (name !== undefined && (finding ?? findingOf(name, "")).endsWith(findingOf(name, "")))
    rmSync(file, { force: true });
}

function repairFile(owner: Owner, env: Environment): string {
  return join(dataFolder(env), "repairs", encodeURIComponent(stackIdentity(owner)));
}

function readName(file: string): string | undefined {
  try {
    return /^[0-9a-f]{8}$/.exec(readFileSync(file, "utf8").trim())?.[0];
  } catch {
    return undefined;
  }
}

function writeName(file: string): string | undefined {
  const name = newName();
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeWhole(file, `${name}\n`, { mode: 0o600 });
    return name;
  } catch {
    return undefined; // a disk that is full, or a folder that may not be written to
  }
}

function newName(): string {
  return randomBytes(4).toString("hex");
}
