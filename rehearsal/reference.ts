/** `a/b:c` in its parts, as an engine asks for them: Docker Hub's own images, `b:c`, are in `library/`. */
export function parseReference(reference: string): { repository: string; tag: string | undefined } {
  const full = reference.includes("/") ? reference : `library/${reference}`;
  const colon = full.lastIndexOf(":");
  if (colon <= full.lastIndexOf("/")) return { repository: full, tag: undefined };
  return { repository: full.slice(0, colon), tag: full.slice(colon + 1) };
}
