import { createHash } from "node:crypto";

/** The form of the only digests that registries and engines use today. */
export const digestForm = /^sha256:[0-9a-f]{64}$/;

/** The digest of some bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
