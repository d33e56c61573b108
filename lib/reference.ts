/** An image's reference in its parts, as a registry's API takes them. */
export interface ImageName {
  /** On Docker Hub with `library/`, where its own images are. */
  readonly repository: string;
  /** Undefined where the reference names none. */
  readonly tag: string | undefined;
}

/** An image's name on Docker Hub, whose own images are in `library/`. */
export function fullName(image: string): string {
  return image.includes("/") ? image : `library/${image}`;
}

/** The parts of a reference, `[HOST[:PORT]/]REPOSITORY[:TAG]`. */
export function parseReference(reference: string): ImageName {
  const name = fullName(reference);
  const colon = name.lastIndexOf(":");
  if (colon <= name.lastIndexOf("/")) return { repository: name, tag: undefined };
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}

/** A reference without its tag, as it is written. */
export function repositoryOf(reference: string): string {
  return reference.slice(0, reference.lastIndexOf(":"));
}
