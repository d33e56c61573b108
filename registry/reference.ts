/** An image's name in its parts, as the API takes them. */
export interface ImageName {
  readonly repository: string;
  /** Default: latest. */
  readonly tag: string;
}

/** The parts of a reference (`REPOSITORY[:TAG]`) on Docker Hub, whose own images are in `library/`. */
export function parseImageName(reference: string): ImageName {
  const [name = "", tag = "latest"] = reference.split(":");
  return { repository: name.includes("/") ? name : `library/${name}`, tag };
}
