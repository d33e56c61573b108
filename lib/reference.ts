/** An image's reference in its parts, as a registry's API takes them. */
export interface ImageName {
  readonly repository: string;
  /** Undefined where the reference names none. */
  readonly tag: string | undefined;
}

/** An image's name on Docker Hub, whose own images are in `library/`. */
export function fullName(image: string): string {
  return image.includes("/") ? image : `library/${image}`;
}

/** The parts of a reference on Docker Hub, `[HOST[:PORT]/]REPOSITORY[:TAG]`. */
export function parseReference(reference: string): ImageName {
  return splitReference(fullName(reference));
}

/** The parts of a reference as it is written. */
export function splitReference(reference: string): ImageName {
  const colon = reference.lastIndexOf(":");
  if (colon <= reference.lastIndexOf("/")) return { repository: reference, tag: undefined };
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
