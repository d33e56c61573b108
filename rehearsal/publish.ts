import { setTimeout } from "node:timers/promises";
import { digestOf } from "../lib/digest.ts";
import { Problem } from "../lib/problem.ts";
import { parseReference } from "../lib/reference.ts";
import { type Answer, ask } from "./http.ts";
import type { Layer } from "./layer.ts";

/** An image to publish. */
export interface ImageSpec {
  /** `REPOSITORY:TAG`, or `REPOSITORY` alone: then it is found by its digest only. */
  readonly reference: string;
  readonly layers: readonly Layer[];
  readonly entrypoint: readonly string[];
  /** Where its processes start. */
  readonly workingDir: string;
  /** As images name it. Default: this machine's. */
  readonly architecture?: string;
}

/** What a registry holds of an image. */
export interface PublishedImage {
  readonly digest: string;
  readonly platform: string;
  /** Digest of its configuration. */
  readonly imageId: string;
  /** What a pull of all its layers moves. */
  readonly compressedBytes: number;
  /** The same for each layer, by its digest. */
  readonly layers: Readonly<Record<string, number>>;
}

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG = "application/vnd.docker.container.image.v1+json";
const LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/** This machine's architecture as images name it. */
export const ARCHITECTURE = process.arch === "x64" ? "amd64" : process.arch;

/** Pushes an image by the registry's HTTP API; what the registry has already is not sent again. */
export async function publishImage(registryUrl: string, spec: ImageSpec): Promise<PublishedImage> {
  const { repository, tag } = parseReference(spec.reference);
  const architecture = spec.architecture ?? ARCHITECTURE;
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: "linux",
      created: "2025-01-01T00:00:00Z",
      config: {
        Entrypoint: spec.entrypoint,
        WorkingDir: spec.workingDir,
        Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      },
      rootfs: { type: "layers", diff_ids: spec.layers.map((layer) => layer.diffId) },
      history: spec.layers.map(() => ({ created: "2025-01-01T00:00:00Z", created_by: "rehearsal" })),
    }),
  );
  await pushBlob(registryUrl, repository, digestOf(config), config);
  for (const layer of spec.layers) await pushBlob(registryUrl, repository, layer.digest, layer.bytes);

  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: CONFIG, size: config.length, digest: digestOf(config) },
      layers: spec.layers.map(({ digest, bytes }) => ({ mediaType: LAYER, size: bytes.length, digest })),
    }),
  );
  const digest = digestOf(manifest);
  const path = `/v2/${repository}/manifests/${tag ?? digest}`;
  const headers = { "Content-Type": MANIFEST, "Content-Length": manifest.length };
  expect(await call(registryUrl, "PUT", path, manifest, headers), [201], `PUT ${path}`);
  return {
    digest,
    platform: `linux/${architecture}`,
    imageId: digestOf(config),
    compressedBytes: spec.layers.reduce((sum, { bytes }) => sum + bytes.length, 0),
    layers: Object.fromEntries(spec.layers.map(({ digest, bytes }) => [digest, bytes.length])),
  };
}

/** The digest that a `REPOSITORY:TAG` has in the registry, or undefined when it is not there. */
export async function publishedDigest(registryUrl: string, reference: string): Promise<string | undefined> {
  const { repository, tag } = parseReference(reference);
  const path = `/v2/${repository}/manifests/${tag}`;
  const answer = await call(registryUrl, "HEAD", path, undefined, { Accept: MANIFEST });
  expect(answer, [200, 404], `HEAD ${path}`);
  return answer.status === 200 ? answer.headers["docker-content-digest"]?.toString() : undefined;
}

/** Takes `REPOSITORY:TAG` or `REPOSITORY@DIGEST` out of the registry; all tags of its digest go with it. */
export async function removeImage(registryUrl: string, reference: string): Promise<void> {
  const [repository = "", given] = reference.split("@");
  const digest = given ?? (await publishedDigest(registryUrl, reference));
  if (digest === undefined) throw new Error(`the registry at ${registryUrl} has no ${reference} to remove`);
  const path = `/v2/${given === undefined ? parseReference(reference).repository : repository}/manifests/${digest}`;
  expect(await call(registryUrl, "DELETE", path), [202], `DELETE ${path}`);
}

/**
 * The repository that each blob was first pushed to, by registry and digest. Others take it from there: two uploads of
 * one blob at a time meet in the registry's storage, and spoil each other.
 */
const firstPushes = new Map<string, Promise<string>>();

/**
 * Pushes that are under way, by registry, repository and digest. The registry writes a repository's link to a blob anew
 * with each push, and whoever reads the link meanwhile, to check another image's manifest, finds it empty.
 */
const underWay = new Map<string, Promise<void>>();

function pushBlob(url: string, repository: string, digest: string, bytes: Buffer): Promise<void> {
  const key = `${url} ${repository} ${digest}`;
  const push =
    underWay.get(key) ?? pushOnce(url, repository, digest, bytes).finally(() => underWay.delete(key));
  underWay.set(key, push);
  return push;
}

async function pushOnce(url: string, repository: string, digest: string, bytes: Buffer): Promise<void> {
  const blob = `/v2/${repository}/blobs/${digest}`;
  const held = await call(url, "HEAD", blob);
  expect(held, [200, 404], `HEAD ${blob}`);
  if (held.status === 200) return;

  const key = `${url} ${digest}`;
  const first = firstPushes.get(key);
  const uploads = `/v2/${repository}/blobs/uploads/`;
  if (first !== undefined) return upload(`${uploads}?mount=${digest}&from=${await first}`);
  const push = upload(uploads).then(() => repository);
  firstPushes.set(key, push);
  push.catch(() => firstPushes.delete(key));
  await push;

  async function upload(path: string): Promise<void> {
    const opened = await call(url, "POST", path, undefined, { "Content-Length": 0 });
    expect(opened, [201, 202], `POST ${path}`);
    if (opened.status === 201) return; // taken from the other repository
    const location = new URL(opened.headers.location ?? "", url);
    location.searchParams.set("digest", digest);
    const headers = { "Content-Type": "application/octet-stream", "Content-Length": bytes.length };
    expect(await call(url, "PUT", location.pathname + location.search, bytes, headers), [201], `PUT ${blob}`);
  }
}

/** Asks again where the registry fails, a few times. */
async function call(url: string, method: string, path: string, body?: Buffer, headers = {}): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const options = { host: hostname, port, method, path, headers, timeoutMs: 60_000, ...(body && { body }) };
  for (let attempt = 1; ; attempt++) {
    const answer = await ask(options);
    if (answer.status < 500 || attempt === 5) return answer;
    await setTimeout(100 * attempt);
  }
}

function expect(answer: Answer, wanted: readonly number[], what: string): void {
  if (wanted.includes(answer.status)) return;
  const text = answer.body.toString().slice(0, 300);
  throw new Problem(
    `the rehearsal's registry answers ${what} with ${answer.status}, not ${wanted.join(" or ")}: ${text}`,
    { advice: "run the command again; its disk may be full" },
  );
}
