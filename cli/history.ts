import { rmSync } from "node:fs";
import { join } from "node:path";
import { isOwnBackend } from "./backend.ts";
import type { StackPlace } from "./caller.ts";
import { names, stateFiles } from "./state-files.ts";

/** Updates of a stack whose record and state stay in its history. */
export const keptUpdates = 50;

/** A file of an update: STACK-NANOSECONDS.history.json or .checkpoint.json, packed or with what the backend has beside. */
const file = /-(\d{16,20})\.(history|checkpoint)\.json(\.gz|\.zst)?(\.attrs)?$/;

/**
 * Keeps the last updates in a stack's history, which Pulumi itself never shortens: each has a copy of the state. In the
 * data folder's own backend alone: how long a user's history is, is for the user to say.
 */
export function shortenHistory(place: StackPlace, keep: number = keptUpdates): void {
  const { stack, env } = place;
  const files = stateFiles(place);
  if (files === undefined || !isOwnBackend(env)) return;
  const found = names(files.history).flatMap((name) => {
    const time = file.exec(name)?.[1];
    return time === undefined || !name.startsWith(`${stack}-${time}.`) ? [] : [{ name, time: BigInt(time) }];
  });
  const times = [...new Set(found.map(({ time }) => time))].toSorted((a, b) => (a < b ? -1 : 1));
  const old = new Set(times.slice(0, Math.max(0, times.length - keep)));
  // What another command has removed just now is gone all the same.
  for (const { name, time } of found) if (old.has(time)) rmSync(join(files.history, name), { force: true });
}
