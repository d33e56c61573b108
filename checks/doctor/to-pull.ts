import type { LockedTask } from "../../benchmark/images-lock.ts";
import { type EngineImage, isThere } from "../../provision/engine/images.ts";

/** What an engine lacks of the wanted images. */
export interface ToPull {
  /** The tasks whose image is not on the engine. */
  readonly missing: readonly LockedTask[];
  /** Bytes of each layer to download, by digest, largest first: a layer that several images share counts once. */
  readonly layers: readonly number[];
  /** Sum of the layers, in bytes as they are downloaded. */
  readonly bytes: number;
  /** Missing images that the lock does not name, whose sizes are not known. */
  readonly unlocked: number;
}

/**
 * What is still to be pulled. A locked image is there where the engine has it by id or by digest, an unlocked one
 * where it has the tag. Layers of wanted images that are there are not counted again; those that the engine has from
 * other images are not known, and are.
 */
export function toPull(tasks: readonly LockedTask[], images: readonly EngineImage[]): ToPull {
  const missing = tasks.filter((task) => !isThere(images, task));
  const there = new Set(
    tasks
      .filter((task) => !missing.includes(task))
      .flatMap(({ locked }) => Object.keys(locked?.layers ?? {})),
  );
  const layers = new Map(
    missing
      .flatMap(({ locked }) => Object.entries(locked?.layers ?? {}))
      .filter(([digest]) => !there.has(digest)),
  );
  return {
    missing,
    layers: [...layers.values()].sort((a, b) => b - a),
    bytes: [...layers.values()].reduce((sum, bytes) => sum + bytes, 0),
    unlocked: missing.filter(({ locked }) => locked === undefined).length,
  };
}
