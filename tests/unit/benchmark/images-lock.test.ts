import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  formatImagesLock,
  type LockedImage,
  lockTasks,
  readImagesLock,
} from "../../../benchmark/images-lock.ts";
import { readTasks } from "../../../benchmark/tasks.ts";

const folder = mkdtempSync(join(tmpdir(), "images-lock-"));
afterAll(() => rmSync(folder, { recursive: true }));

const digest = `sha256:${"d".repeat(64)}`;
const image: LockedImage = {
  digest,
  platform: "linux/amd64",
  imageId: `sha256:${"1".repeat(64)}`,
  compressedBytes: 3,
  layers: { [`sha256:${"b".repeat(64)}`]: 1, [`sha256:${"a".repeat(64)}`]: 2 },
  lockedAt: "2026-01-01T00:00:00.000Z",
};

function fileOf(text: string): string {
  const file = join(folder, "images.lock.json");
  writeFileSync(file, text);
  return file;
}

test("a lock's text is the same whatever the order of its making, with the layers in the image's order", () => {
  const { digest, ...rest } = image;
  const text = formatImagesLock({ images: { "b:1": image, "a:2": image } });
  expect(formatImagesLock({ images: { "a:2": { ...rest, digest }, "b:1": image } })).toBe(text);
  expect(text.indexOf('"a:2"')).toBeLessThan(text.indexOf('"b:1"'));
  expect(text.indexOf("bbbb")).toBeLessThan(text.indexOf("aaaa"));
});

test("a lock that was written is read again as it was", () => {
  const lock = { images: { "a:2": image, "b:1": image } };
  expect(readImagesLock(fileOf(formatImagesLock(lock)))).toEqual(lock);
});

test.each([
  ["", /images\.lock\.json is no image lock file: it is empty$/],
  ["\n", /it is empty$/],
  ['{"images": {"a:1": ', /images\.lock\.json is no image lock file: it is cut off, or no JSON: /],
  ["[]", /the file: /],
  ['{"images": {}, "images": {}}', /it has "images" twice$/],
  [`{"images": {"a:1": ${JSON.stringify(image)}, "a:1" : ${JSON.stringify(image)}}}`, /it has "a:1" twice$/],
  ["{}", /images: /],
  [JSON.stringify({ images: { "a:1": { ...image, digest: "latest" } } }), /images a:1 digest: want sha256:/],
  [JSON.stringify({ images: { "a:1": { ...image, platform: "amd64" } } }), /want a platform such as linux/],
  [JSON.stringify({ images: { "a:1": { ...image, colour: "red" } } }), /colour/],
])("%s is refused, with the place and what is wanted", (text, message) => {
  expect(() => readImagesLock(fileOf(text))).toThrow(message);
});

test("base commits of an older lock are named, never obeyed, and not written again", () => {
  const older = { images: { "a:2": image, "b:1": { ...image, baseCommit: "0".repeat(40) } } };
  const file = fileOf(JSON.stringify(older));
  const lock = readImagesLock(file);
  expect(lock).toEqual({
    images: { "a:2": image, "b:1": image },
    ignored: expect.stringMatching(
      new RegExp(`^${file} has a baseCommit for 1 of 2 images, which is ignored: `),
    ),
  });
  expect(formatImagesLock(lock)).not.toContain("baseCommit");
});

test("tasks take what the lock says of their images, except which commit they are at", () => {
  const all = readTasks();
  const [first, ...rest] = all;
  const locked = lockTasks(all, {
    images: { [first?.image ?? ""]: image },
  });
  expect(locked).toEqual([{ ...first, locked: image }, ...rest]);
});
