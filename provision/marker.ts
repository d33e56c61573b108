import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** What the stack that made a thing has noted inside it. */
export interface Marker {
  /** The stack that made it, and so may change and remove it. */
  readonly stack: string;
}

/** The marker that a stack has left in a file; undefined where there is none, or another stack's. */
export function readMarker<M extends Marker>(file: string, stack: string): M | undefined {
  if (!existsSync(file)) return undefined;
  const marker = JSON.parse(readFileSync(file, "utf8")) as M;
  return marker.stack === stack ? marker : undefined;
}

/** Leaves a marker in a file. */
export function writeMarker<M extends Marker>(file: string, marker: M): void {
  writeFileSync(file, `${JSON.stringify(marker)}\n`);
}
