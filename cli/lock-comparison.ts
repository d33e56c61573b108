import PQueue from "p-queue";
import type { ImagesLock, LockedImage } from "../benchmark/images-lock.ts";
import { changeOf, type LockChange } from "../benchmark/lock-changes.ts";
import { parseReference } from "../lib/reference.ts";
import { RegistryError } from "../provision/registry/error.ts";
import { firstAnswer, type Registries } from "./registries.ts";

/** Images that are asked for at a time. */
const concurrency = 6;

/** How images are compared with their lock. */
export interface ComparisonOptions {
  /** Whether to ask for digests only, which costs nothing on Docker Hub. */
  readonly check: boolean;
  /** Which image of an index is meant. Default: the one that is locked, else linux/amd64. */
  readonly platform: string | undefined;
  /** Takes how far it is. */
  readonly tell: (progress: string) => void;
}

/** Asks the registries for every image. One that fails is a change of its own, and the others go on. */
export async function compareAll(
  images: readonly string[],
  lock: ImagesLock | undefined,
  registries: Registries,
  { check, platform, tell }: ComparisonOptions,
): Promise<readonly LockChange[]> {
  const queue = new PQueue({ concurrency });
  let done = 0;
  const compareOne = async (image: string): Promise<LockChange> => {
    const entry = lock?.images[image];
    try {
      return check
        ? await compareDigest(registries, image, entry)
        : await compare(registries, image, entry, platform);
    } catch (error) {
      if (error instanceof RegistryError) return { kind: "failed", image, reason: error.message };
      queue.clear(); // it is at fault with every image
      throw error;
    } finally {
      done += 1;
      tell(`${done} of ${images.length} images asked for`);
    }
  };
  return queue.addAll(images.map((image) => () => compareOne(image)));
}

async function compareDigest(
  registries: Registries,
  image: string,
  entry: LockedImage | undefined,
): Promise<LockChange> {
  const { repository, tag = "latest" } = parseReference(image);
  const { digest } = await firstAnswer(registries, (registry) => registry.head(repository, tag));
  return changeOf(image, entry, { digest });
}

/** Has an image described, which costs quota on Docker Hub, only where its entry does not stand. */
async function compare(
  registries: Registries,
  image: string,
  entry: LockedImage | undefined,
  platform = entry?.platform ?? "linux/amd64",
): Promise<LockChange> {
  const { repository, tag = "latest" } = parseReference(image);
  return firstAnswer(registries, async (registry) => {
    const { digest } = await registry.head(repository, tag);
    if (digest === entry?.digest && platform === entry.platform) return changeOf(image, entry, { digest });
    const description = await registry.describe(repository, digest, platform);
    return changeOf(image, entry, { ...description, lockedAt: new Date().toISOString() });
  });
}
