import type { IncomingMessage, ServerResponse } from "node:http";
import { manifestTypes } from "../../../../provision/registry/image.ts";
import { type Content, content, serve } from "./local-server.ts";

const [index, , manifest] = manifestTypes;
const digest = `sha256:${"c".repeat(64)}`;
const page = { ...content("text/html; charset=utf-8", ""), bytes: Buffer.from("<html>Please log in</html>") };
const image = "application/vnd.oci.image.config.v1+json";
const helm = "application/vnd.cncf.helm.config.v1+json";
const config = content(image, {
  os: "linux",
  architecture: "amd64",
  config: {},
  rootfs: { type: "layers", diff_ids: [] },
});
const layers = [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest, size: 7 }];

/** What registries give in place of an image for linux/amd64, by tag. */
const odd: Readonly<Record<string, Content>> = {
  html: page,
  schema1: content("application/vnd.docker.distribution.manifest.v1+prettyjws", {
    schemaVersion: 1,
    name: "a/b",
    tag: "schema1",
    architecture: "amd64",
    fsLayers: [],
    history: [],
  }),
  json: content("application/json", { message: "hello" }),
  "no-layers": content(manifest, {
    schemaVersion: 2,
    mediaType: manifest,
    config: { mediaType: image, digest: config.digest, size: config.bytes.length },
    layers: [],
  }),
  chart: content(manifest, {
    schemaVersion: 2,
    mediaType: manifest,
    config: { mediaType: helm, digest, size: 7 },
    layers,
  }),
  "no-platform": content(index, {
    schemaVersion: 2,
    mediaType: index,
    manifests: [{ mediaType: manifest, digest, size: 7, platform: { os: "linux", architecture: "s390x" } }],
  }),
};

/** A registry of odd things, each under a tag of a/b; `untyped` has no content type, `blocked` is a proxy's refusal. */
export function serveOdd({ url = "" }: IncomingMessage, response: ServerResponse): void {
  const tag = url.slice(url.lastIndexOf("/") + 1);
  const item = odd[tag] ?? [config, ...Object.values(odd)].find(({ digest }) => digest === tag);
  if (tag === "") response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
  else if (tag === "untyped") response.writeHead(200).end("{}");
  else if (tag === "blocked") response.writeHead(403, { "Content-Type": "text/html" }).end(page.bytes);
  else if (item !== undefined) serve(response, item);
  else response.writeHead(404).end();
}

/** What is said of each by whoever looks at its content type alone. */
export const oddTypes: readonly (readonly [tag: string, says: RegExp])[] = [
  ["html", /gave a page of HTML for a\/b html \(text\/html\)/],
  ["schema1", /gave a manifest of schema 1 for a\/b schema1 \(application.*\)/],
  ["json", /gave no manifest for a\/b json \(application\/json\)/],
  ["untyped", /gave something without a content type for a\/b untyped/],
  ["blocked", /answers with a page of HTML \(HEAD \/v2\/a\/b\/manifests\/blocked gave 403\)/],
];

/** What is said of the others by whoever looks at the manifest. */
export const oddManifests: readonly (readonly [tag: string, says: RegExp])[] = [
  ["no-layers", /gave a manifest without layers, which is not an image, for a\/b \S+/],
  ["chart", /gave a Helm chart \(application\/vnd\.cncf\.helm.*\), which is not an image, for a\/b \S+/],
  ["no-platform", /does not have a\/b \S+ for the platform linux\/amd64, only for linux\/s390x/],
];
