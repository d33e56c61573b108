import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { registryAt } from "../../../../provision/registry/client.ts";
import { RegistryError } from "../../../../provision/registry/error.ts";
import { manifestTypes } from "../../../../provision/registry/image.ts";
import { type Content, content, LocalServer, serve } from "./local-server.ts";
import { oddManifests, oddTypes, serveOdd } from "./odd-registry.ts";

const [ociIndex, , ociManifest, dockerManifest] = manifestTypes;
const layer = (letter: string, size: number) => ({ digest: `sha256:${letter.repeat(64)}`, size });
const config = content("application/vnd.docker.container.image.v1+json", {
  os: "linux",
  architecture: "amd64",
});
const image = content(dockerManifest, {
  config: { digest: config.digest },
  layers: [layer("b", 20), layer("a", 1), layer("b", 20)],
});
const attestation = { digest: layer("c", 0).digest, platform: { os: "unknown", architecture: "unknown" } };
const arm = content(ociManifest, { config: { digest: layer("d", 0).digest }, layers: [layer("e", 7)] });
const index = content(ociIndex, {
  manifests: [
    attestation,
    { digest: image.digest, platform: { os: "linux", architecture: "amd64" } },
    { digest: arm.digest, platform: { os: "linux", architecture: "arm64", variant: "v8" } },
  ],
});

const servers: LocalServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serverThat(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = await new LocalServer(handle).start();
  servers.push(server);
  return server;
}

/** A registry without authorization that holds a/b:one (an image), a/b:many (an index), and all by their digests. */
function registry(headers: Readonly<Record<string, string>> = {}) {
  const held: Readonly<Record<string, Content>> = {
    "manifests/one": image,
    "manifests/many": index,
    ...Object.fromEntries([image, index, arm].map((item) => [`manifests/${item.digest}`, item])),
    [`blobs/${config.digest}`]: config,
  };
  return serverThat(({ url = "" }, response) => {
    const item = held[url.replace("/v2/a/b/", "")];
    if (item !== undefined) serve(response, item, headers);
    else response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
  });
}

test("a tag's digest is asked for by one HEAD request that accepts every form", async () => {
  const server = await registry({ Date: "Wed, 01 Jan 2025 00:00:00 GMT" });
  expect(await registryAt(server.host).head("a/b", "one")).toEqual({
    digest: image.digest,
    mediaType: dockerManifest,
    date: new Date("2025-01-01"),
  });
  expect(server.seen).toEqual([
    {
      method: "HEAD",
      path: "/v2/a/b/manifests/one",
      accept: manifestTypes.join(", "),
      authorization: undefined,
    },
  ]);
});

test("the quota comes with the answer where the registry counts", async () => {
  const server = await registry({
    "ratelimit-limit": "100;w=21600",
    "ratelimit-remaining": "76;w=21600",
    "docker-ratelimit-source": "192.0.2.1",
  });
  expect((await registryAt(server.host).head("a/b", "one")).quota).toEqual({
    limit: 100,
    remaining: 76,
    windowSeconds: 21600,
    source: "192.0.2.1",
  });
});

test("a registry that announces no digest is asked for the bytes", async () => {
  const headers = { "Content-Type": `${image.mediaType}; charset=utf-8` };
  const server = await serverThat((_, response) => response.writeHead(200, headers).end(image.bytes));
  expect((await registryAt(server.host).head("a/b", "one")).digest).toBe(image.digest);
  expect(server.seen.map(({ method }) => method)).toEqual(["HEAD", "GET"]);
});

test("an image alone is described with the platform of its configuration, each layer once, in its order", async () => {
  const described = await registryAt((await registry()).host).describe("a/b", "one", "linux/arm64");
  expect(described).toEqual({
    digest: image.digest,
    platform: "linux/amd64",
    imageId: config.digest,
    compressedBytes: 21,
    layers: { [layer("b", 0).digest]: 20, [layer("a", 0).digest]: 1 },
  });
  expect(Object.keys(described.layers)[0]).toMatch(/^sha256:b/);
});

test.each([
  ["linux/amd64", config.digest],
  ["linux/arm64", layer("d", 0).digest],
  ["linux/arm64/v8", layer("d", 0).digest],
])("of an index the image for %s is described, under the digest of the index", async (platform, imageId) => {
  const described = await registryAt((await registry()).host).describe("a/b", "many", platform);
  expect(described).toMatchObject({ digest: index.digest, platform, imageId });
});

test("an index without the platform is refused with the platforms that it has, attestations not among them", async () => {
  await expect(registryAt((await registry()).host).describe("a/b", "many", "windows/amd64")).rejects.toThrow(
    /a\/b many for the platform windows\/amd64, only for linux\/amd64, linux\/arm64\/v8\n/,
  );
});

describe("something else than an image is told as what it is:", () => {
  const asked = async (tag: string, method: "head" | "describe") => {
    const { host } = await serverThat(serveOdd);
    return failureOf(registryAt(host)[method]("a/b", tag, "linux/amd64"));
  };

  test.each(oddTypes)("%s, by its content type", async (tag, says) => {
    expect(await asked(tag, "head")).toMatchObject({ message: expect.stringMatching(says), canPass: false });
  });

  test.each(oddManifests)("%s, by its manifest", async (tag, says) => {
    expect(await asked(tag, "describe")).toMatchObject({ message: expect.stringMatching(says) });
  });

  test("a page to which a request was led away is told with the host that gave it", async () => {
    const portal = await serverThat(serveOdd);
    const { host } = await serverThat((_, response) =>
      response.writeHead(302, { Location: `http://${portal.host}/html` }).end(),
    );
    const { message } = await failureOf(registryAt(host).head("a/b", "one"));
    expect(message).toMatch(`gave a page of HTML for a/b one (text/html, from ${portal.host})`);
  });
});

test("a path prefix goes before the repository", async () => {
  const server = await serverThat((_, response) => serve(response, image));
  await registryAt(`${server.host}/hub/cache`).head("a/b", "one");
  expect(server.seen[0]?.path).toBe("/v2/hub/cache/a/b/manifests/one");
});

test.each([
  ["the announced digest", { ...image, digest: layer("f", 0).digest }, "one"],
  ["the digest that was asked for", image, layer("f", 0).digest],
])("bytes of another digest than %s are refused", async (_, item, reference) => {
  const server = await serverThat((_request, response) => serve(response, item));
  await expect(registryAt(server.host).describe("a/b", reference, "linux/amd64")).rejects.toThrow(
    /gave bytes for a\/b \S* ?that do not match .*\(sha256:.*not sha256:f/,
  );
});

test("a form that is not known is refused with what is wanted", async () => {
  const server = await serverThat((_, response) =>
    serve(response, content(ociManifest, { schemaVersion: 1 })),
  );
  await expect(registryAt(server.host).describe("a/b", "one", "linux/amd64")).rejects.toThrow(
    /in an unknown form \(config: /,
  );
});

test.each([
  [
    404,
    /has no such image \(GET \/v2\/a\/b\/manifests\/none gave 404, too bad\)\nFix: check the reference$/,
    false,
  ],
  [403, /no such image for these credentials [\s\S]*docker login 127/, false],
  [429, /has reached its rate limit [\s\S]*docker login 127/, false],
  [502, /fails \(.* gave 502, too bad\)\nFix: run the command again later/, true],
  [418, /did not answer as a registry does/, false],
])("status %i is told with its meaning and remedy", async (status, message, canPass) => {
  const server = await serverThat((_, response) =>
    response.writeHead(status).end('{"errors":[{"code":"BAD","message":"too bad"}]}'),
  );
  const error = await failureOf(registryAt(server.host).describe("a/b", "none", "linux/amd64"));
  expect(error.message).toMatch(message);
  expect(error).toMatchObject({ status, canPass });
});

test("a rate limit says when it ends", async () => {
  const server = await serverThat((_, response) =>
    response.writeHead(429, { "X-Retry-After": "1800000000" }).end(),
  );
  const { retryAt, message } = await failureOf(registryAt(server.host).head("a/b", "one"));
  expect(retryAt).toEqual(new Date("2027-01-15T08:00:00Z"));
  expect(message).toContain("wait until 2027-01-15T08:00:00.000Z");
});

test("a blob is followed to another host, which is not shown the authorization", async () => {
  const storage = await serverThat((_, response) => serve(response, config));
  const server = await serverThat(({ url = "", headers }, response) => {
    if (url.startsWith("/token")) response.end('{"token":"secret-token"}');
    else if (headers.authorization === undefined)
      response.writeHead(401, { "WWW-Authenticate": `Bearer realm="http://${headers.host}/token"` }).end();
    else if (url.includes("/blobs/")) response.writeHead(307, { Location: `http://${storage.host}/x` }).end();
    else serve(response, image);
  });
  await registryAt(server.host).describe("a/b", "one", "linux/amd64");
  expect(server.seen.at(-1)?.authorization).toBe("Bearer secret-token");
  expect(storage.seen).toMatchObject([{ path: "/x", authorization: undefined }]);
});

test("a host where nobody listens is named, with the true cause", async () => {
  const { host } = await registry();
  servers.pop()?.close();
  const error = await failureOf(registryAt(host).head("a/b", "one"));
  expect(error.message).toMatch(/^127\.0\.0\.1:\d+ cannot be reached \(connect ECONNREFUSED/);
  expect(error).toMatchObject({ status: undefined, canPass: false });
});

test("a connection that breaks off can be tried again", async () => {
  const server = await serverThat((_, response) => response.destroy());
  expect(await failureOf(registryAt(server.host).head("a/b", "one"))).toMatchObject({ canPass: true });
});

test.each([
  ["headers", () => {}],
  ["the rest of the body", (_: unknown, response: ServerResponse) => response.writeHead(200).write("{")],
])("a server that keeps %s back is left after the time limit", async (_, handle) => {
  const server = await serverThat(handle);
  const asked = registryAt(server.host, { timeoutMs: 50 }).describe("a/b", "one", "linux/amd64");
  const error = await failureOf(asked);
  expect(error.message).toMatch(/did not answer within 0\.05 s/);
  expect(error).toMatchObject({ status: undefined, canPass: true });
});

test("a page of HTML is no sign of a registry, except for one that wants a login", async () => {
  const page = (status: number) =>
    serverThat((_, response) => response.writeHead(status, { "Content-Type": "text/html" }).end("\n<html>"));
  const { message } = await failureOf(registryAt((await page(200)).host).ping());
  expect(message).toMatch(/gave a page of HTML for \/v2\/ \(text\/html\)\nFix: .*login page/);
  await registryAt((await page(401)).host).ping();
});

test("any answer is a sign of life", async () => {
  const server = await serverThat((_, response) => response.writeHead(401).end());
  await registryAt(server.host).ping();
  expect(server.seen).toMatchObject([{ method: "GET", path: "/v2/" }]);
});

async function failureOf(asked: Promise<unknown>): Promise<RegistryError> {
  const error = await asked.then(
    () => undefined,
    (error) => error,
  );
  expect(error).toBeInstanceOf(RegistryError);
  return error;
}
