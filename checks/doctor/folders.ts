import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { blocker, type Finding, ok } from "../finding.ts";

/** A folder that is written to. */
export interface WantedFolder {
  /** What is written there. */
  readonly purpose: string;
  /** Absolute path. */
  readonly path: string;
  /** Whether it has to be there already. Default: false, for what makes it. */
  readonly mustExist?: boolean;
}

/** What was found of one. */
export interface FolderFacts extends WantedFolder {
  /** The folder itself, or the nearest one above it that is there. */
  readonly existing: string;
  /** Why it cannot be written to; undefined where it can. */
  readonly fault?: string;
}

/** Looks whether this user may write to a folder, or make it. Writes nothing. */
export async function lookAtFolder(wanted: WantedFolder): Promise<FolderFacts> {
  for (let existing = wanted.path; ; existing = dirname(existing)) {
    const found = await stat(existing).catch((error: NodeJS.ErrnoException) => error);
    if (found instanceof Error) {
      if (found.code !== "ENOENT" && found.code !== "ENOTDIR") {
        return { ...wanted, existing, fault: found.message };
      }
      if (wanted.mustExist || existing === dirname(existing)) {
        return { ...wanted, existing, fault: found.message };
      }
      continue;
    }
    const owner = `owner ${found.uid}, mode ${(found.mode & 0o7777).toString(8)}`;
    if (!found.isDirectory()) return { ...wanted, existing, fault: `it is not a folder; ${owner}` };
    const fault = await access(existing, constants.W_OK | constants.X_OK).then(
      () => undefined,
      ({ code }: NodeJS.ErrnoException) => `${code}; ${owner}; you are ${process.getuid?.() ?? "unknown"}`,
    );
    return fault === undefined ? { ...wanted, existing } : { ...wanted, existing, fault };
  }
}

/** Whether all folders can be written to: one finding for each that cannot. */
export function folderFindings(folders: readonly FolderFacts[]): readonly Finding[] {
  const faults = folders.flatMap(({ purpose, path, existing, fault }) => {
    if (fault === undefined) return [];
    const where = existing === path ? path : `${existing}, where ${path} is to be made,`;
    return blocker("folders", `${purpose}: ${where} cannot be written to (${fault})`, [
      {
        advice: `give yourself the right to write there (chown or chmod ${existing}; if the disk is mounted read-only: mount -o remount,rw)`,
      },
      { advice: "use another folder for it" },
    ]);
  });
  if (faults.length > 0) return faults;
  return [ok("folders", `can be written to: ${folders.map(({ path }) => path).join(", ")}`)];
}
