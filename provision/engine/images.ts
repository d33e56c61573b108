import type { ImagePin, PinnedImage } from "../../benchmark/images-lock.ts";
import { isSamePlatform, platformName } from "../../lib/platform.ts";
import { splitReference } from "../../lib/reference.ts";
import { type Engine, isNone } from "./client.ts";

/** An image as an engine has it. */
export interface EngineImage {
  /** Id on the engine: the digest of its configuration, or with containerd's image store of what was pulled. */
  readonly id: string;
  /** Its image references, `repository:tag`. */
  readonly references: readonly string[];
  /** Digests under which it was pulled, without repository. */
  readonly digests: readonly string[];
  /** Operating system and architecture, such as linux/amd64; undefined in an engine's list, which does not say it. */
  readonly platform?: string | undefined;
  /** Bytes that it takes, layers that it shares with others among them; undefined where the engine does not say. */
  readonly sizeBytes?: number | undefined;
}

/** Of an engine's `GET /images/json`, or `GET /images/NAME/json`, what is looked at here. */
export interface ListedImage {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null | undefined;
  readonly RepoDigests?: readonly string[] | null | undefined;
  readonly Size?: number;
  readonly Os?: string;
  readonly Architecture?: string;
  readonly Variant?: string | undefined;
}

/** An engine's client, as far as images need it. */
export type ImageEngine = Pick<Engine, "getImage" | "listImages">;

/** The images of an engine's list. */
export function engineImages(listed: readonly ListedImage[]): readonly EngineImage[] {
  return listed.map(({ Id, RepoTags, RepoDigests, Size, Os, Architecture, Variant }) => ({
    id: Id,
    // containerd's store has names by digest there, too.
    references: (RepoTags ?? []).filter((name) => !name.includes("@")),
    digests: (RepoDigests ?? []).map((name) => name.slice(name.indexOf("@") + 1)),
    ...(Os &&
      Architecture && { platform: platformName({ os: Os, architecture: Architecture, variant: Variant }) }),
    sizeBytes: Size,
  }));
}

/**
 * What an image on an engine is to what pins it: `locked`; `other`; `half`, where one of digest and image id is the
 * lock's, and the engine has the other of the two otherwise; `platform`, where it is for another platform.
 */
export type Identity = "locked" | "other" | "half" | "platform";

/** What an image is to what pins it, by all that the engine says. */
export function identify({ id, digests, platform }: EngineImage, locked: ImagePin): Identity {
  // With containerd's store the id is the digest, and that of the configuration is not told.
  const isContainerds = id === locked.digest || digests.includes(id);
  const isDigest = isContainerds ? id === locked.digest : agrees(digests, locked.digest);
  const isImageId = isContainerds || locked.imageId === undefined ? undefined : id === locked.imageId;
  if (isDigest !== true && isImageId !== true) return "other";
  if (platform !== undefined && locked.platform !== undefined && !isSamePlatform(platform, locked.platform))
    return "platform";
  return isDigest === false || isImageId === false ? "half" : "locked";
}

/** Whether a digest is among those that are known; undefined where none is, as of an image that was loaded from a file. */
function agrees(digests: readonly string[], wanted: string): boolean | undefined {
  return digests.length === 0 ? undefined : digests.includes(wanted);
}

/** Whether an image is the locked one. */
export function isLocked(image: EngineImage, locked: ImagePin): boolean {
  return identify(image, locked) === "locked";
}

/** Whether an engine has an image: a locked one under any name, or under none, and another by its reference. */
export function isThere(images: readonly EngineImage[], { image, locked }: PinnedImage): boolean {
  return images.some((one) => (locked ? isLocked(one, locked) : one.references.includes(image)));
}

/** What an engine has of an image that is wanted. */
export interface SeenImage {
  /** The id that it has, or has once it is right under its reference; undefined where that is not known. */
  readonly id?: string | undefined;
  /** What is wrong with it; undefined where nothing is, or that is not known. */
  readonly finding?: string | undefined;
  /** Whether it is there under whatever name, as far as is known. */
  readonly isThere: boolean;
}

/**
 * What an engine has of an image that is wanted.
 *
 * @param isContainerds whether it has containerd's image store, whose ids are digests.
 */
export function seeImage(
  images: readonly EngineImage[],
  wanted: PinnedImage,
  isContainerds: boolean,
): SeenImage {
  const { image, locked } = wanted;
  const tagged = images.find(({ references }) => references.includes(image));
  if (tagged !== undefined && (locked === undefined || isLocked(tagged, locked)))
    return { id: tagged.id, isThere: true };
  const missing = isThere(images, wanted)
    ? { finding: "its tag is gone", isThere: true }
    : { finding: "it is not on the engine", isThere: false };
  return {
    ...missing,
    ...(tagged !== undefined && { finding: `the tag is at ${tagged.id}` }),
    id: isContainerds ? locked?.digest : locked?.imageId,
  };
}

/** An image by any of its names; undefined where the engine has none of that name. */
export async function findImage(engine: ImageEngine, name: string): Promise<EngineImage | undefined> {
  try {
    return engineImages([await engine.getImage(name).inspect()])[0];
  } catch (error) {
    if (isNone(error)) return undefined;
    throw error;
  }
}

/**
 * A name under which an engine has an image, its reference where that is right already: what `isThere` says is there is
 * found. Images are asked for one by one, because a list of all takes containerd's store seconds.
 */
export async function nameOf(
  engine: ImageEngine,
  { image, locked }: PinnedImage,
): Promise<string | undefined> {
  if (locked === undefined) return (await findImage(engine, image)) && image;
  for (const name of [image, locked.imageId, locked.digest]) {
    const found = name === undefined ? undefined : await findImage(engine, name);
    if (name !== undefined && found && isLocked(found, locked)) return name;
  }
  // A classic store finds no image by its digest alone.
  if (locked.imageId !== undefined) return undefined;
  return engineImages(await engine.listImages()).find((one) => isLocked(one, locked))?.id;
}

/** The last change of names that is under way in this process, of whatever engine. */
let lastChange: Promise<unknown> = Promise.resolve();

/** Makes a change of names after those that are under way: each decides by what the others have left. */
export function changeNames<Result>(change: () => Promise<Result>): Promise<Result> {
  const mine = lastChange.then(change, change);
  lastChange = mine;
  return mine;
}

/**
 * Gives an image a reference. Another image that had it before is not lost: where that was its only tag, it gets one
 * made of the reference and its id, the same each time.
 *
 * @returns what the other image is called from now on; undefined where there was none.
 */
export async function giveReference(
  engine: ImageEngine,
  image: string,
  reference: string,
): Promise<string | undefined> {
  const { repository: repo, tag = "latest" } = splitReference(reference);
  // A name may be another image's once it is this change's turn.
  const id = (await findImage(engine, image))?.id ?? image;
  return changeNames(async () => {
    const before = await findImage(engine, reference);
    if (before?.id === id) return undefined;
    // Before the reference moves, so that the image has a name at every moment.
    if (before !== undefined && nameBeside(before, reference) === undefined)
      await giveKeptName(engine, before.id, reference);
    await engine.getImage(id).tag({ repo, tag });
    return before && keptName(engine, before.id, reference);
  });
}

/** The name that an image has now that its reference is another's. A process beside this one may have taken its last. */
async function keptName(engine: ImageEngine, id: string, reference: string): Promise<string> {
  const image = await findImage(engine, id);
  const name = image && nameBeside(image, reference);
  return name ?? giveKeptName(engine, id, reference);
}

function nameBeside({ references }: EngineImage, reference: string): string | undefined {
  return references.find((name) => name !== reference);
}

async function giveKeptName(engine: ImageEngine, id: string, reference: string): Promise<string> {
  const { repository, tag } = splitReference(reference);
  const kept = `${tag}-replaced-${id.replace("sha256:", "").slice(0, 12)}`;
  await engine.getImage(id).tag({ repo: repository, tag: kept });
  return `${repository}:${kept}`;
}

/**
 * Takes away a name that an image got in passing, unless it is all by which the engine tells that it is the locked one:
 * a classic store knows a digest by the names that have it.
 */
export async function dropName(engine: ImageEngine, name: string, locked?: ImagePin): Promise<void> {
  const image = await findImage(engine, name);
  if (image === undefined) return;
  const at = image.digests.indexOf(name.slice(name.indexOf("@") + 1));
  if (locked && !isLocked({ ...image, digests: image.digests.toSpliced(at, 1) }, locked)) return;
  await engine.getImage(name).remove();
}
