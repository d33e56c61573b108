import { digestForm, digestOf } from "../../lib/digest.ts";
import { RegistryError } from "./error.ts";
import type { RegistryAnswer } from "./request.ts";

/** A body whose bytes are those that their digest means. */
export interface VerifiedBody {
  readonly digest: string;
  /** Undefined where the body is no JSON. */
  readonly content: unknown;
}

/** The digest that a registry announces in its headers; undefined where it announces none. */
export function announcedDigest(host: string, { headers }: RegistryAnswer): string | undefined {
  const digest = headers.get("docker-content-digest");
  if (digest === null) return undefined;
  if (digestForm.test(digest)) return digest;
  throw new RegistryError(
    `${host} names the digest ${JSON.stringify(digest)}, which is not sha256: and 64 hex digits`,
    changed,
    { status: 200 },
  );
}

/**
 * Reads a body.
 *
 * @param what for the message of an error.
 * @param digests those that the body must have; undefined for one that is not known.
 */
export function verifiedBody(
  host: string,
  { body }: RegistryAnswer,
  what: string,
  digests: readonly (string | undefined)[],
): VerifiedBody {
  const digest = digestOf(body);
  const wrong = digests.find((wanted) => wanted !== undefined && wanted !== digest);
  if (wrong === undefined) return { digest, content: parse(body) };
  throw new RegistryError(
    `${host} gave bytes for ${what} that do not match their digest (${digest}, not ${wrong})`,
    changed,
    { status: 200 },
  );
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined; // told by whoever reads it
  }
}

const changed = { advice: "look for what changes answers on the way, such as a proxy or a broken mirror" };
