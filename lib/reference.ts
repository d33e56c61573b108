/** An image's name in its parts, as the API takes them. */
export interface ImageName {
  readonly repository: string;
  /** Default: latest. */
  readonly tag: string;
}

/** An image's name on Docker Hub, whose own images are in `library/`. */
export function fullName(image: string): string {
  return image.includes("/") ? image : `library/${image}`;
}

/** The parts of a reference (`REPOSITORY[:TAG]`) on Docker Hub. */
export function parseImageName(reference: string): ImageName {
  const [repository = "", tag = "latest"] = fullName(reference).split(":");
  return { repository, tag };
}
