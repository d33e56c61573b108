import type Docker from "dockerode";
import type { ImagePin, PinnedImage } from "../../benchmark/images-lock.ts";

/** An image as an engine has it. */
export interface EngineImage {
  /** Id on the engine: the digest of its configuration, or with containerd's image store of its manifest. */
  readonly id: string;
  /** Its image references, `repository:tag`. */
  readonly references: readonly string[];
  /** Digests under which it was pulled, without repository. */
  readonly digests: readonly string[];
  /** Bytes that it takes, layers that it shares with others among them; undefined where the engine does not say. */
  readonly sizeBytes?: number | undefined;
}

/** Of an engine's `GET /images/json`, what is looked at here. */
export interface ListedImage {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null | undefined;
  readonly RepoDigests?: readonly string[] | null | undefined;
  readonly Size?: number;
}

/** The images of an engine's list. */
export function engineImages(listed: readonly ListedImage[]): readonly EngineImage[] {
  return listed.map(({ Id, RepoTags, RepoDigests, Size }) => ({
    id: Id,
    references: RepoTags ?? [],
    digests: (RepoDigests ?? []).map((name) => name.slice(name.indexOf("@") + 1)),
    sizeBytes: Size,
  }));
}

/** Whether an image is the locked one. */
export function isLocked({ id, digests }: EngineImage, locked: ImagePin): boolean {
  return [id, ...digests].some((name) => name === locked.imageId || name === locked.digest);
}

/** Whether an engine has an image: a locked one under any name, or under none, and another by its reference. */
export function isThere(images: readonly EngineImage[], { image, locked }: PinnedImage): boolean {
  return images.some((one) => (locked ? isLocked(one, locked) : one.references.includes(image)));
}

/** An image by any of its names; undefined where the engine has none of that name. */
export async function findImage(engine: Docker, name: string): Promise<Docker.ImageInspectInfo | undefined> {
  try {
    return await engine.getImage(name).inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** `repository:tag` in its parts. */
export function splitReference(reference: string): { readonly repository: string; readonly tag: string } {
  const colon = reference.lastIndexOf(":");
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
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
  engine: Docker,
  image: string,
  reference: string,
): Promise<string | undefined> {
  const { repository, tag } = splitReference(reference);
  // A name may be another image's once it is this change's turn.
  const id = (await findImage(engine, image))?.Id ?? image;
  return changeNames(async () => {
    const before = await findImage(engine, reference);
    if (before?.Id === id) return undefined;
    // Before the reference moves, so that the image has a name at every moment.
    if (before !== undefined && nameBeside(before, reference) === undefined)
      await giveKeptName(engine, before.Id, reference);
    await engine.getImage(id).tag({ repo: repository, tag });
    return before && keptName(engine, before.Id, reference);
  });
}

/** The name that an image has now that its reference is another's. A process beside this one may have taken its last. */
async function keptName(engine: Docker, id: string, reference: string): Promise<string> {
  const image = await findImage(engine, id);
  const name = image && nameBeside(image, reference);
  return name ?? giveKeptName(engine, id, reference);
}

function nameBeside({ RepoTags }: Docker.ImageInspectInfo, reference: string): string | undefined {
  // An engine gives null where there is none.
  return (RepoTags ?? []).find((name) => name !== reference);
}

async function giveKeptName(engine: Docker, id: string, reference: string): Promise<string> {
  const { repository, tag } = splitReference(reference);
  const kept = `${tag}-replaced-${id.replace("sha256:", "").slice(0, 12)}`;
  await engine.getImage(id).tag({ repo: repository, tag: kept });
  return `${repository}:${kept}`;
}
