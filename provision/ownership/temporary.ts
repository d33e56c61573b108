/** What is made for a moment, containers and folders, says whose it is and which process made it. */
import { createHash, randomBytes } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasEnded, processPattern, thisProcess } from "../../lib/process-id.ts";
import type { Owner } from "./owner.ts";

/** Label of a temporary container: the stack that it is of, as `stackIdentity` has it. */
export const identityLabel = "cooperbench-machine.stack-id";

/** Label of a temporary container: the process that made it. */
export const makerLabel = "cooperbench-machine.maker";

/** What tells a stack from others in the labels and names of temporary things: its id, or the name of one without. */
export function stackIdentity({ stack, id }: Owner): string {
  return id ?? stack;
}

/** The labels of a temporary container of a stack that this process makes. */
export function temporaryLabels(stack: string): Readonly<Record<string, string>> {
  return { [identityLabel]: stack, [makerLabel]: thisProcess() };
}

/** A name that no other process gives, on an engine that may serve several machines. */
export function temporaryName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString("hex")}`;
}

/** Makes a temporary folder of a stack, for its owner alone, has it used, and removes it. */
export async function withTemporaryFolder<Result>(
  stack: string,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  // The maker is in the name, so that there is no moment in which the folder is there and nobody knows whose it is.
  const folder = mkdtempSync(join(tmpdir(), `${folderPrefix(stack)}${thisProcess()}-`));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes the temporary folders of a stack whose makers are gone. Gives their paths. */
export function removeLeftoverFolders(stack: string, parent: string = tmpdir()): readonly string[] {
  const pattern = new RegExp(`^${folderPrefix(stack)}(${processPattern})-[^-]+$`);
  const left = readdirSync(parent).filter((name) => hasEnded(pattern.exec(name)?.[1]));
  return left
    .map((name) => join(parent, name))
    .filter((folder) => {
      // Others write in this folder, too, and may have made a name of ours.
      if (lstatSync(folder, { throwIfNoEntry: false })?.uid !== process.getuid?.()) return false;
      rmSync(folder, { recursive: true, force: true });
      return true;
    });
}

function folderPrefix(stack: string): string {
  const hash = createHash("sha256").update(stack).digest("hex").slice(0, 12);
  return `cooperbench-machine-${hash}-`;
}
