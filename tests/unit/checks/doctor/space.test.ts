import { hostname } from "node:os";
import { expect, test } from "vitest";
import { readTasks } from "../../../../benchmark/tasks.ts";
import { imagesFolder, measureDisk, spaceFinding } from "../../../../checks/doctor/space.ts";
import { toPull } from "../../../../checks/doctor/to-pull.ts";
import { digest, engineInfo, lockedTasks } from "./facts.ts";

const GB = 1e9;
// Four layers of a gigabyte: 4 to download, 12 unpacked, 3 in flight.
const layers = Object.fromEntries([1, 2, 3, 4].map((number) => [digest(number), GB]));
const locked = toPull(lockedTasks(layers), []);
const unlocked = toPull(readTasks().slice(0, 2), []);
const containerd = engineInfo({
  DriverStatus: [["driver-type", "io.containerd.snapshotter.v1"]],
  Containerd: { Address: "/run/containerd/containerd.sock" },
});
const judge = (pull: typeof locked, freeBytes: number, info = engineInfo()) =>
  spaceFinding(pull, { folder: "/d", freeBytes }, info, "unix:///s");

test.each([
  [4 * GB - 1, "blocker"],
  [4 * GB, "warning"],
  [15 * GB - 1, "warning"],
  [15 * GB, "ok"],
])("%d bytes free for a download of 4 GB is %s", (free, level) =>
  expect(judge(locked, free).level).toBe(level),
);

test("the figures and the remedy are told", () => {
  const { found, remedy } = judge(locked, 3 * GB);
  expect(found).toBe(
    "3 GB free in /d; 1 image to pull (4 GB to download), which take about 15 GB (an estimate: 3 times the download, and what is in flight)",
  );
  expect(remedy).toMatch(/docker -H \S+ system df\n.*docker -H \S+ image prune\n.*data-root/s);
});

test("what moves the images is of the engine that is there", () => {
  expect(judge(locked, 1, containerd).remedy).toContain('"root" in /etc/containerd/config.toml');
  expect(judge(locked, 1, engineInfo()).remedy).toContain('"data-root" in /etc/docker/daemon.json');
});

test("containerd keeps all that it downloads", () => {
  expect(judge(locked, 16 * GB - 1, containerd).level).toBe("warning");
  expect(judge(locked, 16 * GB, containerd).level).toBe("ok");
});

test.each([
  [0, "warning"],
  [2 * GB - 1, "warning"],
  [2 * GB, "ok"],
])("%d bytes free for two images of unknown size is %s, and never a blocker", (free, level) => {
  const finding = judge(unlocked, free);
  expect(finding.level).toBe(level);
  expect(finding.found).toContain("2 images to pull (2 not locked: about 1 GB each), which take about 2 GB");
});

test("nothing to pull needs no space", () => expect(judge(toPull([], []), 0).level).toBe("ok"));

test("an engine elsewhere is not measured, with the command that does it", async () => {
  const disk = await measureDisk("ssh://me@lab", engineInfo());
  expect(spaceFinding(locked, disk, engineInfo(), "ssh://me@lab")).toMatchObject({
    level: "warning",
    remedy: expect.stringContaining("ssh me@lab df -h /var/lib/docker"),
  });
  expect(spaceFinding(toPull([], []), disk, engineInfo(), "ssh://me@lab").level).toBe("ok");
});

test("the engine of this machine is measured", async () => {
  const info = engineInfo({ Name: hostname(), DockerRootDir: "/" });
  expect((await measureDisk("unix:///s", info)).freeBytes).toBeGreaterThan(0);
  expect((await measureDisk("unix:///s", { ...info, DockerRootDir: "/nowhere" })).unmeasured).toMatch(
    /cannot be seen/,
  );
  expect((await measureDisk("unix:///s", { ...info, Name: "docker-desktop" })).unmeasured).toMatch(
    /another machine/,
  );
});

test("images are where the engine's store keeps them", () => {
  expect(imagesFolder(engineInfo())).toBe("/var/lib/docker");
  expect(imagesFolder(containerd)).toBe("/var/lib/containerd");
  const own = { Address: "/var/run/docker/containerd/containerd.sock" };
  expect(imagesFolder({ ...containerd, Containerd: own })).toBe("/var/lib/docker");
});
