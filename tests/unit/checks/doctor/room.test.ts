import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { placesOf } from "../../../../checks/doctor/places.ts";
import { measureRoom, type RoomFacts, roomFindings } from "../../../../checks/doctor/room.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("room-");
});

const MB = 1_000_000;
const room = (more: Partial<RoomFacts> = {}): RoomFacts => ({
  purpose: "the checkout",
  path: "/srv/c",
  bytes: 500 * MB,
  disk: 1,
  freeBytes: 600 * MB,
  isOutOfFiles: false,
  ...more,
});

test("a disk with less than is needed blocks an update, and says what takes it", () => {
  expect(roomFindings([room({ freeBytes: 60 * MB })])).toMatchObject([
    {
      check: "disks",
      level: "blocker",
      found: "60 MB free, 500 MB needed for the checkout /srv/c (500 MB)",
      remedy: expect.stringContaining("df -h /srv/c"),
    },
  ]);
  expect(roomFindings([room()])).toMatchObject([{ level: "ok" }]);
  expect(roomFindings([room({ freeBytes: 500 * MB })])).toMatchObject([{ level: "ok" }]);
});

test("what is on one disk is counted together, and each disk for itself", () => {
  const state = room({ purpose: "the state", path: "/srv/s", bytes: 200 * MB });
  expect(roomFindings([room(), state])).toMatchObject([
    { level: "blocker", found: expect.stringContaining("700 MB needed for the checkout") },
  ]);
  expect(roomFindings([room(), { ...state, disk: 2 }])).toMatchObject([{ level: "ok" }]);
  expect(roomFindings([room(), { ...state, disk: 2, freeBytes: MB }])).toMatchObject([
    { level: "blocker", found: "1 MB free, 200 MB needed for the state /srv/s (200 MB)" },
  ]);
});

test("what may be there already is missed less, and a disk that takes no more files blocks", () => {
  const cached = room({ perhaps: 400 * MB });
  expect(roomFindings([{ ...cached, freeBytes: 200 * MB }])).toMatchObject([{ level: "warning" }]);
  expect(roomFindings([{ ...cached, freeBytes: 99 * MB }])).toMatchObject([{ level: "blocker" }]);
  expect(roomFindings([room({ isOutOfFiles: true })])).toMatchObject([
    { level: "blocker", found: expect.stringContaining("no more files") },
  ]);
  expect(roomFindings([{ purpose: "x", path: "/x", bytes: 1 }])).toMatchObject([{ level: "ok" }]);
});

test("the disk of a folder that is not there yet is that of the nearest one above", async () => {
  const there = await measureRoom({ purpose: "x", path: folder, bytes: 1 });
  const missing = await measureRoom({ purpose: "x", path: join(folder, "a", "b"), bytes: 1 });
  expect(there.freeBytes).toBeGreaterThan(0);
  expect(missing.disk).toBe(there.disk);
});

test("places have room for what is yet to be made, and a backend of one's own is looked at in its own folder", () => {
  const dataDir = join(folder, "data");
  const question = {
    checkout: join(folder, "c"),
    dataDir,
    stateDir: join(dataDir, "state"),
    cacheDir: "/cache",
    isToolchainReady: false,
    isMade: false,
    isInstalled: false,
  };
  const env = { UV_CACHE_DIR: join(folder, "uv") };
  const bytes = (more: Partial<typeof question> = {}, uv = env) =>
    Object.fromEntries(placesOf({ ...question, ...more }, uv).map((place) => [place.path, place.bytes / MB]));
  const fresh = {
    [question.checkout]: 500,
    [dataDir]: 5,
    "/cache": 500,
    [env.UV_CACHE_DIR]: 400,
    [tmpdir()]: 10,
  };
  expect(bytes()).toEqual(fresh);
  expect(bytes({ stateDir: "/srv/state" })).toEqual({ ...fresh, [dataDir]: 0, "/srv/state": 5 });
  expect(bytes({ isToolchainReady: true })["/cache"]).toBe(0);
  expect(placesOf(question, env)[0]).toMatchObject({ perhaps: 0 });
  mkdirSync(join(env.UV_CACHE_DIR, "archive-v0"), { recursive: true });
  expect(placesOf(question, env)[0]).toMatchObject({ perhaps: 400 * MB });
  // On another disk than the cache's.
  expect(placesOf({ ...question, checkout: "/proc/c" }, env)[0]).toMatchObject({ perhaps: 0 });
});
