/**
 * The record of a ready toolchain, one a checkout: what was found, and the stamps of the files that this rests on.
 * Reading and checking it costs a few milliseconds; everything else is skipped while it holds.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { findAllOnPath } from "./find.ts";
import type { ToolchainSettings } from "./settings.ts";
import type { Toolchain } from "./toolchain.ts";

/** How long "the official place is out of reach" is believed before it is asked again. */
const CLOSED_NETWORK_HOURS = 24;
/** Counts changes of this file format and of what a record means. */
const FORMAT = 2;
/** The programs of PATH that decide what the toolchain is: a user who installs Pulumi later is to get it used. */
const DECIDING = ["pulumi", "pulumi-language-nodejs", "uv", "node"];

/** What was found, whatever else PATH has. */
export interface FoundToolchain extends Omit<Toolchain, "env"> {
  /** Folders that PATH is to begin with. */
  readonly front: readonly string[];
  /** Variables to set for child processes, but for PATH. */
  readonly env: Readonly<Record<string, string>>;
}

interface ToolchainRecord {
  readonly found: FoundToolchain;
  /** Size and time of each file that the toolchain rests on. */
  readonly stamps: Readonly<Record<string, string>>;
  /** Milliseconds since 1970 after which all is looked at anew; null for never. */
  readonly expires: number | null;
}

/** Where the record for these settings lies. */
export function recordFile({ path, ...settings }: ToolchainSettings): string {
  const onPath = DECIDING.map((name) => findAllOnPath(name, path));
  const key = JSON.stringify([FORMAT, process.execPath, settings, onPath]);
  return join(
    settings.cacheDir,
    "records",
    `${createHash("sha256").update(key).digest("hex").slice(0, 20)}.json`,
  );
}

/**
 * The recorded toolchain, or undefined where there is none or something has changed.
 *
 * @param now milliseconds since 1970; a record that has expired by then counts as none. Default: no record expires.
 */
export function loadRecord(file: string, path: readonly string[], now = 0): Toolchain | undefined {
  let record: ToolchainRecord;
  try {
    record = JSON.parse(readFileSync(file, "utf8")) as ToolchainRecord;
  } catch {
    // No record, or one that was cut off: then it is made.
    return undefined;
  }
  if (record.expires !== null && now > record.expires) return undefined;
  const changed = Object.entries(record.stamps).some(([path, stamp]) => stampOf(path) !== stamp);
  return changed ? undefined : withPath(record.found, path);
}

/** Writes the record, in one step. */
export function saveRecord(
  file: string,
  { mode }: Pick<ToolchainSettings, "mode">,
  found: FoundToolchain,
  { files, closedNetwork }: { readonly files: readonly string[]; readonly closedNetwork: boolean },
): void {
  const record: ToolchainRecord = {
    found,
    stamps: Object.fromEntries(files.map((path) => [path, stampOf(path)])),
    expires: closedNetwork && mode === "auto" ? Date.now() + CLOSED_NETWORK_HOURS * 3_600_000 : null,
  };
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(record));
  renameSync(temporary, file);
}

/** What was found, for a PATH: child processes get the toolchain's folders, then the user's. */
export function withPath({ front, ...found }: FoundToolchain, path: readonly string[]): Toolchain {
  return { ...found, env: { PATH: [...new Set([...front, ...path])].join(delimiter), ...found.env } };
}

/** Size and time of a file, or "" where it is not there. A link is followed: what it points at counts. */
export function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.size} ${stat.mtimeMs}` : "";
}
