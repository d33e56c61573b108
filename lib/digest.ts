import { createHash } from "node:crypto";

/** The form of the only digests that registries and engines use today. */
export const digestForm = /^sha256:[0-9a-f]{64}$/;

/** The digest of some bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** The id that git gives a file's bytes, in a repository of its usual kind. */
export function gitBlobId(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}
