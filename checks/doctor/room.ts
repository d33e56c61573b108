import { existsSync } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import prettyBytes from "pretty-bytes";
import type { Remedies } from "../../lib/remedy.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";

/** A folder that an update writes in, with what it takes there. */
export interface WantedRoom {
  /** What is written there. */
  readonly purpose: string;
  /** Absolute path. */
  readonly path: string;
  /** Bytes that an update takes there at most. */
  readonly bytes: number;
  /** Of these, bytes that it may find there already, such as packages in uv's cache. Default: 0. */
  readonly perhaps?: number;
}

/** The room that there is for one. */
export interface RoomFacts extends WantedRoom {
  /** Number of its disk; undefined where that could not be measured. */
  readonly disk?: number;
  readonly freeBytes?: number;
  /** Whether the disk can hold not one file more; a disk has a fixed number of them. */
  readonly isOutOfFiles?: boolean;
}

/** Measures the disk of a folder, or of the nearest one above it that is there. */
export async function measureRoom(wanted: WantedRoom): Promise<RoomFacts> {
  let existing = wanted.path;
  while (!existsSync(existing) && existing !== dirname(existing)) existing = dirname(existing);
  try {
    const [{ dev }, { bavail, bsize, files, ffree }] = await Promise.all([stat(existing), statfs(existing)]);
    return { ...wanted, disk: dev, freeBytes: bavail * bsize, isOutOfFiles: files > 0 && ffree === 0 };
  } catch {
    return wanted; // whether it can be written to is another check's
  }
}

/** Whether each disk has room for all that is written there: one finding for each that has not. */
export function roomFindings(all: readonly RoomFacts[]): readonly Finding[] {
  const disks = Map.groupBy(
    all.filter(({ freeBytes }) => freeBytes !== undefined),
    ({ disk }) => disk,
  );
  const findings = [...disks.values()].map(diskFinding);
  const faults = findings.filter(({ level }) => level !== "ok");
  if (faults.length > 0) return faults;
  return [ok("disks", findings.map(({ found }) => found).join("; "))];
}

function diskFinding(wanted: readonly RoomFacts[]): Finding {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const need = sum(wanted.map(({ bytes }) => bytes));
  const sure = need - sum(wanted.map(({ perhaps = 0 }) => perhaps));
  const free = wanted[0]?.freeBytes ?? 0;
  const places = wanted
    .map(({ purpose, path, bytes }) => `${purpose} ${path}${bytes === 0 ? "" : ` (${prettyBytes(bytes)})`}`)
    .join(", ");
  const found = `${prettyBytes(free)} free, ${prettyBytes(need)} needed for ${places}`;
  const path = wanted[0]?.path ?? "";
  const remedies = (show: string): Remedies => [
    { advice: `free space on that disk (df ${show} ${path} shows it)` },
    { advice: "use a folder on another disk" },
  ];
  if (wanted.some(({ isOutOfFiles }) => isOutOfFiles))
    return blocker("disks", `no more files can be made on the disk of ${places}`, remedies("-i"));
  if (free < sure) return blocker("disks", found, remedies("-h"));
  return free < need ? warning("disks", found, remedies("-h")) : ok("disks", found);
}
