/**
 * The record of a ready toolchain: what was found, and the stamps of the files that this rests on. Reading and
 * checking it costs a few milliseconds; everything else is skipped while it holds. The project's own files stand in it
 * without the project's folder and by their content: so it holds for one that was moved, and for another checkout.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { writeWhole } from "../lib/files.ts";
import { findAllOnPath } from "../lib/find-program.ts";
import type { Toolchain } from "./toolchain.ts";
import type { ToolchainSettings } from "./variables.ts";

/** How long "the official place is out of reach" is believed before it is asked again. */
const CLOSED_NETWORK_HOURS = 24;
/** Counts changes of this file format and of what a record means. */
const FORMAT = 4;
/** The programs of PATH that decide what the toolchain is: a user who installs Pulumi later is to get it used. */
const DECIDING = ["pulumi", "pulumi-language-nodejs", "uv", "node"];

/** What was found, whatever else PATH has. */
export interface FoundToolchain extends Omit<Toolchain, "env"> {
  /** Folders that PATH is to begin with. */
  readonly front: readonly string[];
  /** Variables to set for child processes, but for PATH and what depends on nothing that was found. */
  readonly env: Readonly<Record<string, string>>;
}

interface ToolchainRecord {
  readonly format: number;
  readonly found: FoundToolchain;
  /** What each file that the toolchain rests on was like: the project's by content, others by size and time. */
  readonly stamps: Readonly<Record<string, string>>;
  /** Milliseconds since 1970 after which all is looked at anew; null for never. */
  readonly expires: number | null;
}

/** Stands for the project's folder in a record. */
const PROJECT = "<project>/";

/** What a record is read with. */
type Reader = Pick<ToolchainSettings, "path" | "projectDir" | "compileCache">;

/** Where the record for these settings lies. Where Node keeps compiled code decides nothing. */
export function recordFile({ path, projectDir, compileCache: _, ...settings }: ToolchainSettings): string {
  const onPath = DECIDING.map((name) => findAllOnPath(name, path));
  const node = [withoutProject(process.execPath, projectDir), process.version, process.arch];
  const key = JSON.stringify([FORMAT, node, settings, onPath]);
  return join(recordsFolder(settings), `${createHash("sha256").update(key).digest("hex").slice(0, 20)}.json`);
}

function recordsFolder({ cacheDir }: Pick<ToolchainSettings, "cacheDir">): string {
  return join(cacheDir, "records");
}

/**
 * The newest toolchain on record whose files are all as they were, whichever settings it was made with; undefined for
 * none. Good enough to look with, where these settings have none yet. The user's login is where these settings say.
 */
export function newestRecorded(settings: ToolchainSettings): Toolchain | undefined {
  const folder = recordsFolder(settings);
  const ages = namesIn(folder).map((name) => ({
    file: join(folder, name),
    writtenAt: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  }));
  for (const { file } of ages.toSorted((a, b) => b.writtenAt - a.writtenAt)) {
    const found = loadRecord(file, settings);
    if (found !== undefined)
      return { ...found, env: { ...found.env, PULUMI_CREDENTIALS_PATH: settings.credentialsPath } };
  }
  return undefined;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".json"));
  } catch {
    return []; // Not there, or not this user's to read.
  }
}

/**
 * The recorded toolchain, or undefined where there is none or something has changed.
 *
 * @param now milliseconds since 1970; a record that has expired by then counts as none. Default: no record expires.
 */
export function loadRecord(file: string, { projectDir, ...reader }: Reader, now = 0): Toolchain | undefined {
  let record: ToolchainRecord;
  try {
    record = JSON.parse(readFileSync(file, "utf8")) as ToolchainRecord;
  } catch {
    // No record, or one that was cut off: then it is made.
    return undefined;
  }
  if (record.format !== FORMAT) return undefined;
  if (record.expires !== null && now > record.expires) return undefined;
  const changed = Object.entries(record.stamps).some(([name, stamp]) => stamped(name, projectDir) !== stamp);
  if (changed) return undefined;
  const { front, pieces, ...found } = record.found;
  return withPath(
    {
      ...found,
      front: front.map((dir) => withProject(dir, projectDir)),
      pieces: pieces.map((piece) => ({ ...piece, from: withProject(piece.from, projectDir) })),
    },
    reader,
  );
}

/** Writes the record, in one step. */
export function saveRecord(
  file: string,
  { mode, projectDir }: Pick<ToolchainSettings, "mode" | "projectDir">,
  { front, pieces, ...found }: FoundToolchain,
  { files, closedNetwork }: { readonly files: readonly string[]; readonly closedNetwork: boolean },
): void {
  // The key has the project's own Node: its version says all, and its content is large.
  const names = files.map((path) => withoutProject(path, projectDir));
  const deciding = names.filter(
    (name) => !name.startsWith(PROJECT) || name !== withoutProject(process.execPath, projectDir),
  );
  const record: ToolchainRecord = {
    format: FORMAT,
    found: {
      ...found,
      front: front.map((dir) => withoutProject(dir, projectDir)),
      pieces: pieces.map((piece) => ({ ...piece, from: withoutProject(piece.from, projectDir) })),
    },
    stamps: Object.fromEntries(deciding.map((name) => [name, stamped(name, projectDir)])),
    expires: closedNetwork && mode === "auto" ? Date.now() + CLOSED_NETWORK_HOURS * 3_600_000 : null,
  };
  mkdirSync(dirname(file), { recursive: true });
  writeWhole(file, JSON.stringify(record));
}

/** What was found, for this user's PATH: child processes get the toolchain's folders, then the user's. */
export function withPath(
  { front, ...found }: FoundToolchain,
  { path, compileCache }: Omit<Reader, "projectDir">,
): Toolchain {
  const PATH = [...new Set([...front, ...path])].join(delimiter);
  return { ...found, env: { PATH, NODE_COMPILE_CACHE: compileCache, ...found.env } };
}

function withoutProject(path: string, projectDir: string): string {
  return path.startsWith(`${projectDir}/`) ? PROJECT + path.slice(projectDir.length + 1) : path;
}

function withProject(name: string, projectDir: string): string {
  return name.startsWith(PROJECT) ? join(projectDir, name.slice(PROJECT.length)) : name;
}

/** The stamp of a file under its name in a record. A checkout's files have times of their own: their content counts. */
function stamped(name: string, projectDir: string): string {
  const path = withProject(name, projectDir);
  if (!name.startsWith(PROJECT)) return stampOf(path);
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return ""; // Not there, or not this user's to read.
  }
}

/** Size and time of a file, or "" where it is not there. A link is followed: what it points at counts. */
export function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.size} ${stat.mtimeMs}` : "";
}
