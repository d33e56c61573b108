import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { expect, test } from "vitest";
import { digestOf } from "../../../lib/digest.ts";
import { type Entry, incompressible, makeLayer } from "../../../rehearsal/layer.ts";

const entries: Entry[] = [
  { path: "bin", type: "directory" },
  { path: "bin/tool", type: "file", mode: 0o755, bytes: Buffer.from("#!/bin/sh\n") },
  { path: "bin/alias", type: "symlink", target: "tool" },
  { path: "pipe", type: "fifo" },
];

test("equal entries give equal bytes", async () => {
  const [first, second] = [await makeLayer(entries), await makeLayer(entries)];
  expect(first.bytes.equals(second.bytes)).toBe(true);
  expect(first.digest).toBe(second.digest);
});

test("digest is of the compressed bytes, diffId of the archive", async () => {
  const { bytes, digest, diffId } = await makeLayer(entries);
  expect(digest).toBe(digestOf(bytes));
  expect(diffId).toBe(digestOf(gunzipSync(bytes)));
});

test("the archive holds types, modes and targets as given, all of root", async () => {
  const archive = extract();
  archive.end(gunzipSync((await makeLayer(entries)).bytes));
  const headers = [];
  for await (const entry of archive) {
    entry.resume();
    headers.push(entry.header);
  }
  expect(headers).toMatchObject([
    { name: "bin/", type: "directory", mode: 0o755, uid: 0, gid: 0 },
    { name: "bin/tool", type: "file", mode: 0o755, uid: 0, gid: 0 },
    { name: "bin/alias", type: "symlink", linkname: "tool" },
    { name: "pipe", type: "fifo" },
  ]);
});

test("a payload is the same for one seed, another for another, and does not compress", async () => {
  const bytes = incompressible("a", 100_000);
  expect(bytes.equals(incompressible("a", 100_000))).toBe(true);
  expect(bytes.equals(incompressible("b", 100_000))).toBe(false);
  const layer = await makeLayer([{ path: "payload", type: "file", bytes }]);
  expect(layer.bytes.length).toBeGreaterThan(100_000);
});
