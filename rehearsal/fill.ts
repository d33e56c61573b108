import { existsSync, readFileSync } from "node:fs";
import PQueue from "p-queue";
import {
  formatImagesLock,
  type ImagesLock,
  type LockedImage,
  readImagesLock,
} from "../benchmark/images-lock.ts";
import { writeWhole } from "../lib/files.ts";
import { publishedDigest, publishImage } from "./publish.ts";
import type { ServiceImage } from "./service-images.ts";
import { sharedLayers } from "./shared-layers.ts";
import { standIn } from "./stand-in-image.ts";
import type { Task } from "./tasks.ts";
import type { Tools } from "./tools.ts";

/** What the registry is filled from. */
export interface FillArguments {
  readonly registryUrl: string;
  /** The file of the lock; read and written. */
  readonly lockFile: string;
  readonly tasks: readonly Task[];
  /** The images beside the tasks'. */
  readonly services: readonly ServiceImage[];
  readonly tools: Pick<Tools, "busybox" | "git" | "bash" | "env">;
  readonly payloadBytes: number;
  /** For git; on the disk of the rehearsal, so that nothing is left elsewhere. */
  readonly workFolder: string;
  /** Whether the lock on disk was made by this very program, so that what agrees with it may stay. */
  readonly trustLock: boolean;
}

/**
 * Brings every stand-in into the registry under its real name, and writes the lock.
 * @returns how many had to be made.
 */
export async function fillRegistry(args: FillArguments): Promise<number> {
  const { registryUrl, payloadBytes, workFolder } = args;
  const known = readLock(args.lockFile);
  const shared = await sharedLayers(args.tools);
  const wanted = [
    ...args.services.map(({ image, make }) => ({ image, make: async () => ({ spec: await make(shared) }) })),
    ...args.tasks.map((task) => ({
      image: task.image,
      make: () => standIn(task, shared, { payloadBytes, workFolder }),
    })),
  ];
  let made = 0;
  const ready = async ({ image, make }: (typeof wanted)[number]): Promise<[string, LockedImage]> => {
    const locked = known[image];
    if (
      args.trustLock &&
      locked !== undefined &&
      (await publishedDigest(registryUrl, image)) === locked.digest
    )
      return [image, locked];
    const { spec, ...commit } = await make();
    const published = await publishImage(registryUrl, spec);
    made += 1;
    const lockedAt = locked?.digest === published.digest ? locked.lockedAt : new Date().toISOString();
    return [image, { ...published, lockedAt, ...commit }];
  };
  const images = await new PQueue({ concurrency: 6 }).addAll(wanted.map((image) => () => ready(image)));
  const text = formatImagesLock({ images: Object.fromEntries(images) });
  if (!existsSync(args.lockFile) || readFileSync(args.lockFile, "utf8") !== text)
    writeWhole(args.lockFile, text);
  return made;
}

/** The lock on disk; one of an earlier version, or that was cut off, is made anew. */
function readLock(file: string): ImagesLock["images"] {
  try {
    return readImagesLock(file).images;
  } catch {
    return {};
  }
}
