import { z } from "zod";
import type { LockedImage } from "../../benchmark/images-lock.ts";
import { digestForm } from "../../lib/digest.ts";
import { isSamePlatform, platformName } from "../../lib/platform.ts";

/** What a registry has of an image for one platform. */
export type ImageDescription = Omit<LockedImage, "lockedAt">;

/** Content types of an index of several platforms: OCI's and Docker's. */
export const indexTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
] as const;

/** Content types of what a tag may name, as the Accept header lists them: an index, or the manifest of one image. */
export const manifestTypes = [
  ...indexTypes,
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
] as const;

/** Types of an image's configuration. Engines take the last for one as well, which old registries made of it. */
export const imageConfigTypes = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
  "application/octet-stream",
] as const;

const digest = z.string().regex(digestForm);
const size = z.int().min(0);
const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

/** The manifest of one image. */
export const imageManifest = z.object({
  config: z.object({ digest, mediaType: z.string().optional() }),
  layers: z.array(z.object({ digest, size })),
});
export type ImageManifest = z.infer<typeof imageManifest>;

/** The index of an image for several platforms. */
export const imageIndex = z.object({
  manifests: z.array(z.object({ digest, platform: platform.optional() })),
});

/** The part of an image's configuration that is read here. */
export const imageConfig = platform;

/** The digest that an index has for a platform; undefined, with the platforms there are, where it has none. */
export function chooseManifest(
  { manifests }: z.infer<typeof imageIndex>,
  wanted: string,
): { readonly digest: string | undefined; readonly platforms: readonly string[] } {
  // What builders keep beside the images, such as attestations, has the platform unknown/unknown.
  const images = manifests.flatMap(({ digest, platform }) =>
    platform === undefined || platform.os === "unknown" ? [] : [{ digest, name: platformName(platform) }],
  );
  const chosen =
    images.find(({ name }) => name === wanted) ?? images.find(({ name }) => isSamePlatform(name, wanted));
  return { digest: chosen?.digest, platforms: images.map(({ name }) => name) };
}

/** What an image is, by its manifest; `digest` is what its tag names. */
export function describeManifest(
  digest: string,
  platform: string,
  { config, layers: all }: ImageManifest,
): ImageDescription {
  // A layer that an image has twice is downloaded once.
  const layers = Object.fromEntries(all.map(({ digest, size }) => [digest, size]));
  const compressedBytes = Object.values(layers).reduce((sum, bytes) => sum + bytes, 0);
  return { digest, platform, imageId: config.digest, compressedBytes, layers };
}
