import { existsSync, readFileSync } from "node:fs";
import { writeWhole } from "../../lib/files.ts";
import { isOf, type Owner } from "./owner.ts";

/** What the stack that made a thing has noted inside it, once the thing is whole. */
export interface Marker extends Owner {
  /** Absolute path of the thing; undefined in a marker that is older than ids. */
  readonly path?: string | undefined;
}

/** The marker in a file, whoever made it; undefined where there is none, or one that cannot be read. */
export function readMarker<M extends Marker>(file: string): M | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const marker = JSON.parse(readFileSync(file, "utf8")) as M;
    return typeof marker?.stack === "string" ? marker : undefined;
  } catch {
    return undefined; // a power cut has left it empty or cut off
  }
}

/** Whether there is a marker that cannot be read, so that nobody can be known to have made the thing. */
export function isMarkerBroken(file: string): boolean {
  return existsSync(file) && readMarker(file) === undefined;
}

/** The marker that a stack has left in a file; undefined where there is none, or another stack's. */
export function readOwnMarker<M extends Marker>(file: string, owner: Owner): M | undefined {
  const marker = readMarker<M>(file);
  return marker !== undefined && isOf(marker, owner) ? marker : undefined;
}

/** Leaves a marker in a file: whole on the disk, or not at all. */
export function writeMarker<M extends Marker>(file: string, marker: M): void {
  writeWhole(file, `${JSON.stringify(marker)}\n`);
}
