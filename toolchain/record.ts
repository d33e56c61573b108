/**
 * The record of a ready toolchain, one a checkout: what was found, and the stamps of the files that this rests on.
 * Reading and checking it costs a few milliseconds; everything else is skipped while it holds.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { findOnPath } from "./find.ts";
import type { ToolchainSettings } from "./settings.ts";
import type { Toolchain } from "./toolchain.ts";

/** How long "the official place is out of reach" is believed before it is asked again. */
const CLOSED_NETWORK_HOURS = 24;
/** Counts changes of this file format and of what a record means. */
const FORMAT = 1;

interface ToolchainRecord {
  readonly toolchain: Toolchain;
  /** Size and time of each file that the toolchain rests on. */
  readonly stamps: Readonly<Record<string, string>>;
  /** What PATH's `pulumi` was: a user who installs Pulumi later is to get it used. */
  readonly pulumiOnPath: string | null;
  /** Milliseconds since 1970 after which all is looked at anew; null for never. */
  readonly expires: number | null;
}

/** Where the record for these settings lies. */
export function recordFile(settings: ToolchainSettings): string {
  const key = JSON.stringify([FORMAT, process.execPath, settings]);
  return join(
    settings.cacheDir,
    "records",
    `${createHash("sha256").update(key).digest("hex").slice(0, 20)}.json`,
  );
}

/** The recorded toolchain, or undefined where there is none or something has changed. */
export function loadRecord(file: string, settings: ToolchainSettings, now: number): Toolchain | undefined {
  let record: ToolchainRecord;
  try {
    record = JSON.parse(readFileSync(file, "utf8")) as ToolchainRecord;
  } catch {
    // No record, or one that was cut off: then it is made.
    return undefined;
  }
  if (record.expires !== null && now > record.expires) return undefined;
  if (record.pulumiOnPath !== (findOnPath("pulumi", settings.path) ?? null)) return undefined;
  const changed = Object.entries(record.stamps).some(([path, stamp]) => stampOf(path) !== stamp);
  return changed ? undefined : record.toolchain;
}

/** Writes the record, in one step. */
export function saveRecord(
  file: string,
  settings: ToolchainSettings,
  found: { toolchain: Toolchain; files: readonly string[]; closedNetwork: boolean },
): void {
  const record: ToolchainRecord = {
    toolchain: found.toolchain,
    stamps: Object.fromEntries(found.files.map((path) => [path, stampOf(path)])),
    pulumiOnPath: findOnPath("pulumi", settings.path) ?? null,
    expires:
      found.closedNetwork && settings.mode === "auto" ? Date.now() + CLOSED_NETWORK_HOURS * 3_600_000 : null,
  };
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(record));
  renameSync(temporary, file);
}

/** Size and time of a file, or "" where it is not there. A link is followed: what it points at counts. */
export function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.size} ${stat.mtimeMs}` : "";
}

/** PATH for child processes: the toolchain's folders, then the user's. */
export function childPath(front: readonly string[], path: readonly string[]): string {
  return [...new Set([...front, ...path])].join(delimiter);
}
