import { closeSync, constants, openSync, type Stats, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { Problem } from "./problem.ts";
import type { Fault } from "./remedy.ts";

/** A file or folder that is kept from this user. */
export interface Denied extends Fault {
  /** The path that was asked for, or the folder above it that this user may not look into. */
  readonly path: string;
}

/** What keeps this user from reading a path; undefined where nothing does, or it is not there. */
export function deniedAt(path: string): Denied | undefined {
  for (const place of [...foldersAbove(path), path]) {
    const stats = statOf(place);
    if (stats === undefined) return undefined;
    // A folder is looked into by its own entry.
    const isDenied = place === path ? failsWith(() => closeSync(openSync(place, reading))) : isClosed(place);
    if (isDenied) return deniedBy(place, stats);
  }
  return undefined;
}

/** @throws a Problem where something keeps this user from reading a path. */
export function assertReadable(path: string): void {
  const denied = deniedAt(path);
  if (denied !== undefined) throw new Problem(denied.found, denied.remedies);
}

/** What keeps this user from speaking at a unix socket; undefined where nothing does, or there is none. */
export function deniedSocket(path: string): Promise<Denied | undefined> {
  const folder = foldersAbove(path).find(isClosed);
  const place = folder ?? path;
  const stats = statOf(place);
  if (stats === undefined) return Promise.resolve(undefined);
  if (folder !== undefined) return Promise.resolve(deniedBy(folder, stats));
  return new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (denied?: Denied) => {
      socket.destroy();
      resolve(denied);
    };
    socket.once("connect", () => settle());
    socket.once("error", ({ code }: NodeJS.ErrnoException) =>
      settle(code === "EACCES" ? deniedBy(path, stats) : undefined),
    );
  });
}

/** A pipe that nobody writes to is not waited for. */
const reading = constants.O_RDONLY | constants.O_NONBLOCK;

function deniedBy(path: string, { uid, mode }: Stats): Denied {
  const rights = (mode & 0o7777).toString(8);
  return {
    path,
    found: `${path} cannot be read by you, user ${process.geteuid?.()}: it is user ${uid}'s, with mode ${rights}`,
    remedies: { advice: `run the command as user ${uid}` },
  };
}

function foldersAbove(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === path ? [] : [...foldersAbove(folder), folder];
}

function isClosed(folder: string): boolean {
  return failsWith(() => statSync(`${folder}/.`));
}

function failsWith(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
