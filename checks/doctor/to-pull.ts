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
  const layers = Object.values(layersToPull(tasks, missing));
  return {
    missing,
    layers: layers.toSorted((a, b) => b - a),
    bytes: layers.reduce((sum, bytes) => sum + bytes, 0),
    unlocked: missing.filter(({ locked }) => locked === undefined).length,
  };
}

/** The layers of missing images that no wanted image on the engine has, with the bytes of each. */
export function layersToPull(tasks: readonly LockedTask[], missing: readonly LockedTask[]): Layers {
  const isMissing = new Set(missing);
  const layersOf = (wanted: boolean) =>
    tasks
      .filter((task) => isMissing.has(task) === wanted)
      .flatMap(({ locked }) => Object.entries(locked?.layers ?? {}));
  const there = new Set(layersOf(false).map(([digest]) => digest));
  return Object.fromEntries(layersOf(true).filter(([digest]) => !there.has(digest)));
}

type Layers = Readonly<Record<string, number>>;
