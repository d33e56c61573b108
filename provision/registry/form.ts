import type { Remedy } from "../../lib/remedy.ts";
import { RegistryError } from "./error.ts";
import { type ImageManifest, imageConfigTypes, indexTypes, manifestTypes } from "./image.ts";
import type { RegistryAnswer } from "./request.ts";

/** What helps where a page of HTML answers in a registry's place. */
export const pageRemedy: Remedy = {
  advice: "get the proxy, or the login page of this network, that answers in its place out of the way",
};

/** What helps where a registry has something else under a reference than what is wanted. */
export const checkReference: Remedy = { advice: "check the reference" };

/** What something else than a manifest is, by its content type, and what helps. The first that matches counts. */
const others: readonly { readonly matches: RegExp; readonly is: string; readonly remedy: Remedy }[] = [
  { matches: /^text\/html$/, is: "a page of HTML", remedy: pageRemedy },
  {
    matches: /\.manifest\.v1\+/,
    is: "a manifest of schema 1",
    remedy: { advice: "have the image pushed again: current engines do not pull these" },
  },
  {
    matches: /^$/,
    is: "something without a content type",
    remedy: { advice: "name a registry: what answers there is not one" },
  },
  { matches: /./, is: "no manifest", remedy: checkReference },
];

/** Content type of an answer, without its parameters; empty where it has none. */
export function contentType({ headers }: Pick<RegistryAnswer, "headers">): string {
  return (headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/**
 * Whether a manifest is of several platforms, or of one image.
 *
 * @param what for the message of an error.
 * @throws RegistryError where it is neither, with what it is.
 */
export function manifestForm(host: string, what: string, answer: RegistryAnswer): "index" | "image" {
  const type = contentType(answer);
  if (isOf(indexTypes, type)) return "index";
  if (isOf(manifestTypes, type)) return "image";
  throw notManifest(host, what, answer);
}

function isOf(types: readonly string[], type: string): boolean {
  return types.includes(type);
}

function notManifest(host: string, what: string, answer: RegistryAnswer): RegistryError {
  const type = contentType(answer);
  const { is, remedy } = others.find(({ matches }) => matches.test(type)) as (typeof others)[number];
  const from = new URL(answer.url).host;
  const got = [type, from === host ? "" : `from ${from}`].filter((word) => word !== "").join(", ");
  return new RegistryError(`${host} gave ${is} for ${what}${got === "" ? "" : ` (${got})`}`, remedy, {
    status: answer.status,
  });
}

/** @throws RegistryError where what stands behind `/v2/` is no registry. One that wants a login may say so in HTML. */
export function assertRegistry(host: string, answer: RegistryAnswer): void {
  if (answer.status === 200 && contentType(answer) === "text/html" && /^\s*</.test(answer.body.toString()))
    throw notManifest(host, "/v2/", answer);
}

/** @throws RegistryError where a manifest is none of an image that an engine can start, with what it is. */
export function assertImage(host: string, what: string, { config, layers }: ImageManifest): void {
  // An engine takes one without a type for an image's.
  const { mediaType: type = imageConfigTypes[0] } = config;
  const fault = !isOf(imageConfigTypes, type)
    ? `${/helm/.test(type) ? "a Helm chart" : "an artifact"} (${type}), which is not an image`
    : layers.length === 0
      ? "a manifest without layers, which is not an image"
      : undefined;
  if (fault === undefined) return;
  throw new RegistryError(`${host} gave ${fault}, for ${what}`, checkReference, { status: 200 });
}
