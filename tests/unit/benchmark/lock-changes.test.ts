import { expect, test } from "vitest";
import type { LockedImage } from "../../../benchmark/images-lock.ts";
import {
  applyChanges,
  changeCounts,
  changeLines,
  changeOf,
  type LockChange,
} from "../../../benchmark/lock-changes.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const entry: LockedImage = {
  digest: digest("d"),
  platform: "linux/amd64",
  imageId: digest("1"),
  compressedBytes: 1_000_000_000,
  layers: { [digest("a")]: 1_000_000_000 },
  lockedAt: "2026-01-01T00:00:00.000Z",
};
const later = "2026-02-02T00:00:00.000Z";
const moved = { ...entry, digest: digest("e"), compressedBytes: 1_012_000_000, lockedAt: later };

test("an image with the digest that is locked is as locked, described or not", () => {
  expect(changeOf("a:1", entry, { digest: entry.digest })).toEqual({ kind: "as locked", image: "a:1" });
  expect(changeOf("a:1", entry, { ...entry, lockedAt: later })).toEqual({
    kind: "as locked",
    image: "a:1",
  });
});

test("a moved image has a new time, and the other's stays known", () => {
  expect(changeOf("a:1", entry, moved)).toEqual({
    kind: "moved",
    image: "a:1",
    before: entry,
    digest: moved.digest,
    entry: moved,
  });
});

test("another platform of the same index is a move that keeps the time", () => {
  const change = changeOf("a:1", entry, { ...entry, platform: "linux/arm64", lockedAt: later });
  expect(change).toMatchObject({ kind: "moved", entry: { lockedAt: entry.lockedAt } });
  expect(changeLines([change])).toEqual([
    `moved: a:1 sha256:${"d".repeat(12)} linux/amd64 -> linux/arm64 (same size)`,
  ]);
});

test("an image without an entry is new", () => {
  expect(changeOf("a:1", undefined, moved)).toEqual({
    kind: "new",
    image: "a:1",
    digest: moved.digest,
    entry: moved,
  });
  expect(changeOf("a:1", undefined, { digest: digest("e") })).toEqual({
    kind: "new",
    image: "a:1",
    digest: digest("e"),
  });
});

const failed: LockChange = {
  kind: "failed",
  image: "c:3",
  reason: "the registry has no such image",
  remedies: { advice: "check the reference" },
};

test("only new and moved entries are replaced; failed ones and other images stay", () => {
  const lock = { images: { "a:1": entry, "b:2": entry, "c:3": entry, "other:1": entry } };
  const changes = [
    changeOf("a:1", entry, moved),
    changeOf("b:2", entry, { digest: entry.digest }),
    failed,
    changeOf("n:1", undefined, moved),
  ];
  expect(applyChanges(lock, changes)).toEqual({
    images: { ...lock.images, "a:1": moved, "n:1": moved },
  });
});

test("lines tell what is not as locked, with digests and sizes where they are known", () => {
  const short = (letter: string) => `sha256:${letter.repeat(12)}`;
  const changes = [
    changeOf("a:1", entry, moved),
    changeOf("a:2", { ...entry, compressedBytes: 1_012_300_000 }, moved),
    changeOf("a:3", entry, { digest: digest("e") }),
    changeOf("b:2", entry, { digest: entry.digest }),
    failed,
    changeOf("n:1", undefined, { ...moved, compressedBytes: 999 }),
    changeOf("n:2", undefined, { digest: digest("e") }),
  ];
  expect(changeLines(changes)).toEqual([
    `moved: a:1 ${short("d")} -> ${short("e")} (1.01 GB, +12 MB)`,
    `moved: a:2 ${short("d")} -> ${short("e")} (1.01 GB, -300 kB)`,
    `moved: a:3 ${short("d")} -> ${short("e")}`,
    "failed: c:3: the registry has no such image",
    `new: n:1 ${short("e")} (999 B)`,
    `new: n:2 ${short("e")}`,
    "Fix: check the reference",
  ]);
  expect(changeCounts(changes)).toBe("7 images: 1 as locked, 2 new, 3 moved, 1 failed");
});
