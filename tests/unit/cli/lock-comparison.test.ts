import { afterEach, expect, test } from "vitest";
import type { LockedImage } from "../../../benchmark/images-lock.ts";
import { compareAll } from "../../../cli/lock-comparison.ts";
import { registryAt } from "../../../provision/registry/client.ts";
import { LocalServer } from "../provision/registry/local-server.ts";
import { oddManifests, oddTypes, serveOdd } from "../provision/registry/odd-registry.ts";

const entry: LockedImage = {
  digest: `sha256:${"d".repeat(64)}`,
  platform: "linux/amd64",
  imageId: `sha256:${"1".repeat(64)}`,
  compressedBytes: 1,
  layers: {},
  lockedAt: "2026-01-01T00:00:00.000Z",
};

const servers: LocalServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function compare(tag: string, check: boolean, quota: Readonly<Record<string, string>> = {}) {
  const server = await new LocalServer((request, response) => {
    for (const [name, value] of Object.entries(quota)) response.setHeader(name, value);
    serveOdd(request, response);
  }).start();
  servers.push(server);
  const image = `a/b:${tag}`;
  const registries = { reachable: [registryAt(server.host)], unreachable: [] };
  const options = { check, platform: undefined, tell: () => {} };
  const [change] = await compareAll([image], { images: { [image]: entry } }, registries, options);
  return { change, asked: server.seen.map(({ method }) => method) };
}

const all = [...oddTypes, ...oddManifests].flatMap(([tag, says]) =>
  [false, true].map((check) => ({ tag, says, check })),
);

test.each(all)("$tag is neither locked nor called moved (check: $check)", async ({ tag, says, check }) => {
  const { change } = await compare(tag, check);
  expect(change).toMatchObject({ kind: "failed", reason: expect.stringMatching(says) });
});

test("past its rate limit a registry is asked for digests, and for nothing that counts", async () => {
  const server = await new LocalServer(({ method }, response) =>
    response
      .writeHead(method === "HEAD" ? 200 : 429, {
        "content-type": "application/vnd.oci.image.manifest.v1+json",
        "docker-content-digest": `sha256:${"e".repeat(64)}`,
      })
      .end(),
  ).start();
  servers.push(server);
  const images = Array.from({ length: 20 }, (_, at) => `a/b:${at}`);
  const registries = { reachable: [registryAt(server.host)], unreachable: [] };
  const options = { check: false, platform: undefined, tell: () => {} };
  const changes = await compareAll(images, undefined, registries, options);
  expect(changes.map(({ kind }) => kind)).toEqual(images.map(() => "failed"));
  expect(changes.at(-1)).toMatchObject({
    reason: expect.stringMatching(/no longer asked of 127\.\S+, because/),
  });
  const asked = server.seen.map(({ method }) => method);
  expect(asked.filter((method) => method === "HEAD")).toHaveLength(20);
  expect(asked.filter((method) => method === "GET").length).toBeLessThanOrEqual(6);
});

test("a check spends no pull where the registry counts them", async () => {
  const quota = { "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600" };
  const { change, asked } = await compare("no-platform", true, quota);
  expect(change).toMatchObject({ kind: "moved" });
  expect(asked).toEqual(["HEAD"]);
});
