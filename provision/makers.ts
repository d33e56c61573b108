import { join } from "node:path";
import { readMarker } from "./marker.ts";
import type { Owner } from "./owner.ts";

/** A thing on the machine with the stack that has made it. */
export interface MadeThing {
  readonly path: string;
  readonly maker: Owner;
}

/** What stacks have made in a checkout's folder, by their markers. */
export function madeIn(folder: string): readonly MadeThing[] {
  const things = [
    { path: folder, marker: join(folder, ".git", "cooperbench-machine.json") },
    { path: join(folder, ".venv"), marker: join(folder, ".venv", "cooperbench-machine.json") },
  ];
  return things.flatMap(({ path, marker }) => {
    const maker = readMarker(marker);
    return maker === undefined ? [] : [{ path, maker }];
  });
}
