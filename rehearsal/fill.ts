import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import PQueue from "p-queue";
import {
  formatImagesLock,
  type ImagesLock,
  type LockedImage,
  readImagesLock,
} from "../benchmark/images-lock.ts";
import { COMMITS, standInCommits } from "../benchmark/stand-ins.ts";
import { taskName } from "../benchmark/tasks.ts";
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
  /** The rehearsal's folder, in which the commits of the stand-ins are read and written. */
  readonly dir: string;
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
 * Brings every stand-in into the registry under its real name, and writes the lock and the commits that they are at.
 * @returns how many had to be made.
 */
export async function fillRegistry(args: FillArguments): Promise<number> {
  const { registryUrl, payloadBytes, workFolder, dir } = args;
  const known = readLock(args.lockFile);
  const commits = { ...standInCommits(dir) };
  const isTrusted = args.trustLock && args.tasks.every((task) => commits[taskName(task)] !== undefined);
  const shared = await sharedLayers(args.tools);
  const wanted = [
    ...args.services.map(({ image, make }) => ({ image, make: () => make(shared) })),
    ...args.tasks.map((task) => ({
      image: task.image,
      make: async () => {
        const { spec, baseCommit } = await standIn(task, shared, { payloadBytes, workFolder });
        commits[taskName(task)] = baseCommit;
        return spec;
      },
    })),
  ];
  let made = 0;
  const ready = async ({ image, make }: (typeof wanted)[number]): Promise<[string, LockedImage]> => {
    const locked = known[image];
    if (isTrusted && locked !== undefined && (await publishedDigest(registryUrl, image)) === locked.digest)
      return [image, locked];
    const published = await publishImage(registryUrl, await make());
    made += 1;
    const lockedAt = locked?.digest === published.digest ? locked.lockedAt : new Date().toISOString();
    return [image, { ...published, lockedAt }];
  };
  const images = await new PQueue({ concurrency: 6 }).addAll(wanted.map((image) => () => ready(image)));
  writeChanged(join(dir, COMMITS), `${JSON.stringify(commits, Object.keys(commits).sort(), 2)}\n`);
  writeChanged(args.lockFile, formatImagesLock({ images: Object.fromEntries(images) }));
  return made;
}

function writeChanged(file: string, text: string): void {
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeWhole(file, text);
}

/** The lock on disk; one of an earlier version, or that was cut off, is made anew. */
function readLock(file: string): ImagesLock["images"] {
  try {
    return readImagesLock(file).images;
  } catch {
    return {};
  }
}
