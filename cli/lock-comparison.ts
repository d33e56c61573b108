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
  /** Whether nothing is to be written, and no pull to be spent: Docker Hub is asked for digests only. */
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
  const spent = new Set<string>();
  let done = 0;
  const compareOne = async (image: string): Promise<LockChange> => {
    try {
      return await compare(registries, image, lock?.images[image], { check, platform, spent });
    } catch (error) {
      if (error instanceof RegistryError) {
        const { found: reason, remedies } = error;
        return { kind: "failed", image, reason, remedies };
      }
      queue.clear(); // it is at fault with every image
      throw error;
    } finally {
      done += 1;
      tell(`${done} of ${images.length} images asked for`);
    }
  };
  return queue.addAll(images.map((image) => () => compareOne(image)));
}

/**
 * Has an image described only where its entry does not stand. Where the registry counts pulls, as Docker Hub does, this
 * costs some, and is not done for a check.
 *
 * @param spent hosts that have refused a pull: they are asked for none after that.
 */
async function compare(
  registries: Registries,
  image: string,
  entry: LockedImage | undefined,
  {
    check,
    platform: asked,
    spent,
  }: Pick<ComparisonOptions, "check" | "platform"> & { readonly spent: Set<string> },
): Promise<LockChange> {
  const { repository, tag = "latest" } = parseReference(image);
  const platform = (check ? undefined : asked) ?? entry?.platform ?? asked ?? "linux/amd64";
  return firstAnswer(registries, async (registry) => {
    const { digest, quota } = await registry.head(repository, tag);
    const stands = digest === entry?.digest && platform === entry.platform;
    if (stands || (check && quota !== undefined)) return changeOf(image, entry, { digest });
    if (spent.has(registry.host))
      throw new RegistryError(`no longer asked of ${registry.host}, because its rate limit is reached`, {
        advice: "wait until it resets, then run the command again",
      });
    try {
      const description = await registry.describe(repository, digest, platform);
      return changeOf(image, entry, { ...description, lockedAt: new Date().toISOString() });
    } catch (error) {
      if (error instanceof RegistryError && error.status === 429) spent.add(registry.host);
      throw error;
    }
  });
}
