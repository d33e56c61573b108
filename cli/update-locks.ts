/** Pulumi's update locks of a stack, in a backend of files: who holds one, and whether that process is gone. */
import { readFileSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { isGone, type Place, placeHere, startOf } from "../lib/process-id.ts";
import type { RecordedRun } from "./recorded-runs.ts";
import { names, type StateFiles } from "./state-files.ts";

/** Milliseconds in which Pulumi has long written a lock that it has begun. */
const WRITTEN_MS = 5_000;

const content = z.object({
  pid: z.number(),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.coerce.date(),
});

/** Who has taken an update lock, as Pulumi writes it. */
export type Holder = z.infer<typeof content>;

/** An update lock. */
export interface UpdateLock {
  readonly file: string;
  /**
   * `gone`: its process has ended without taking the lock away. `running`: its process runs. `unknown`: it was not
   * started by `./machine`, or not here. `cut off`: the file was never written to its end.
   */
  readonly kind: "gone" | "running" | "unknown" | "cut off";
  /** When it was taken. */
  readonly since: Date;
  /** Undefined where it is cut off, or of a form that is not known here. */
  readonly holder?: Holder;
  /** Whether it is of this machine, and no process has its number: one of another container is not seen either. */
  readonly isUnseen?: boolean;
  /** The run that has taken it, where that is recorded. */
  readonly run?: RecordedRun | undefined;
}

/**
 * The update locks of a stack.
 *
 * @param runs what is recorded of Pulumi's processes; read where there is a lock.
 */
export function updateLocks(files: StateFiles, runs: () => readonly RecordedRun[]): readonly UpdateLock[] {
  return names(files.locks)
    .filter((name) => !name.endsWith(".attrs"))
    .flatMap((name) => readLock(join(files.locks, name), runs) ?? []);
}

function readLock(file: string, runs: () => readonly RecordedRun[]): UpdateLock | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return undefined;
  const text = readText(file);
  if (text === undefined) return undefined;
  if (isCutOff(text)) return { file, kind: "cut off", since: stat.mtime };
  const holder = holderIn(text);
  if (holder === undefined) return { file, kind: "unknown", since: stat.mtime };
  const known = { file, holder, since: holder.timestamp };
  if (holder.hostname !== hostname()) return { ...known, kind: "unknown" };
  const own = runs().filter(({ pid, host }) => pid === holder.pid && host === holder.hostname);
  const here = placeHere();
  const run = own.find((one) => !isGone(one, here)) ?? own[0];
  if (run === undefined)
    return { ...known, kind: "unknown", isUnseen: here !== undefined && startOf(holder.pid) === undefined };
  if (isGone(run, here)) return { ...known, run, kind: "gone" };
  return { ...known, run, kind: isSeenFrom(run, here) ? "running" : "unknown" };
}

/** Empty, of zeros, or an object in JSON without its end: as after a full disk, a kill or a power cut. */
function isCutOff(text: string): boolean {
  if (/^\0*$/.test(text)) return true;
  return text.startsWith("{") && parseJson(text) === undefined;
}

/** Undefined for a lock of a form that is not known here: that of another version. */
function holderIn(text: string): Holder | undefined {
  return content.safeParse(parseJson(text)).data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a lock holds; undefined where it is gone by now, or may not be read. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** Whether a process that runs can be seen from here. */
function isSeenFrom(run: Place, here: Place | undefined): boolean {
  return run.machine === here?.machine && run.boot === here.boot && run.namespace === here.namespace;
}

/**
 * Waits until no lock is being written just now: then one that is cut off stays so.
 *
 * @returns the locks that are there after that.
 */
export async function settledLocks(
  files: StateFiles,
  runs: () => readonly RecordedRun[],
): Promise<readonly UpdateLock[]> {
  for (const end = Date.now() + WRITTEN_MS; ; await sleep(100)) {
    const locks = updateLocks(files, runs);
    const isYoung = ({ kind, since }: UpdateLock) =>
      kind === "cut off" && Date.now() - since.getTime() < WRITTEN_MS;
    if (!locks.some(isYoung) || Date.now() > end) return locks;
  }
}

/** Removes one lock, with what the backend keeps beside it. */
export function removeLock({ file }: UpdateLock): void {
  for (const path of [file, `${file}.attrs`]) rmSync(path, { force: true });
}
