import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readTasks } from "../../../../benchmark/tasks.ts";
import { configuredDownloads, downloadsFinding } from "../../../../checks/doctor/downloads.ts";
import { lockFinding } from "../../../../checks/doctor/image-lock.ts";
import { platformFinding } from "../../../../checks/doctor/platform.ts";
import { storageFinding } from "../../../../checks/doctor/storage.ts";
import { showSeconds } from "../../../../checks/units.ts";
import { digest, engineInfo, lockedTasks } from "./facts.ts";

test.each([
  ["overlay2", "ok"],
  ["overlayfs", "ok"],
  ["btrfs", "ok"],
  ["zfs", "ok"],
  ["vfs", "warning"],
  ["aufs", "warning"],
  ["devicemapper", "warning"],
])("the storage driver %s is %s", (Driver, level) => {
  const finding = storageFinding(engineInfo({ Driver }));
  expect(finding.level).toBe(level);
  expect(finding.found).toContain(`${Driver} on extfs`);
});

const amd64 = lockedTasks({ [digest(1)]: 1 });
test.each([
  ["x86_64", "ok"],
  ["amd64", "ok"],
  ["aarch64", "warning"],
])("an engine on %s is %s for images of linux/amd64", (Architecture, level) =>
  expect(platformFinding(engineInfo({ Architecture }), amd64).level).toBe(level),
);

test("emulation is named by what it has to emulate, and a variant is no difference", () => {
  const finding = platformFinding(engineInfo({ Architecture: "aarch64" }), amd64);
  expect(finding.found).toContain("runs linux/arm64, and 1 image of 1 is for linux/amd64");
  expect(finding.remedy).toContain("binfmt --install amd64");
  const variant = amd64.map((task) => ({
    ...task,
    locked: { ...(task.locked as NonNullable<typeof task.locked>), platform: "linux/arm64/v8" },
  }));
  expect(platformFinding(engineInfo({ Architecture: "aarch64" }), variant).level).toBe("ok");
});

test("unlocked images have no platform, and an engine of Windows runs none", () => {
  expect(platformFinding(engineInfo({ Architecture: "aarch64" }), readTasks()).level).toBe("ok");
  expect(platformFinding(engineInfo({ OSType: "windows" }), readTasks()).level).toBe("blocker");
});

test("images that are not locked are counted, with the command that locks them", () => {
  expect(lockFinding(amd64, "lab", "baseCommit is ignored")).toMatchObject({
    check: "lock",
    level: "warning",
    found: "baseCommit is ignored",
    remedy: "Fix: ./machine lock lab",
  });
  expect(lockFinding(amd64, "lab").level).toBe("ok");
  expect(lockFinding([...amd64, ...readTasks().slice(1, 3)], "lab")).toMatchObject({
    check: "lock",
    level: "warning",
    found: "2 of 3 images are not locked: a tag that moves upstream goes unnoticed",
    remedy: "Fix: ./machine lock lab",
  });
});

test("downloads at once are told as they are set, and that more would help", () => {
  const folder = mkdtempSync(join(tmpdir(), "daemon-"));
  const file = join(folder, "daemon.json");
  expect(configuredDownloads(file)).toBeUndefined();
  for (const [text, number] of [
    ['{"max-concurrent-downloads": 6}', 6],
    ['{"debug": true}', undefined],
    ["not json", undefined],
  ] as const) {
    writeFileSync(file, text);
    expect(configuredDownloads(file)).toBe(number);
  }
  rmSync(folder, { recursive: true });
  const classic = engineInfo();
  expect(downloadsFinding(undefined, classic)).toMatchObject({
    level: "ok",
    found: expect.stringMatching(
      /3 layers at once, over all pulls.*more help.*"max-concurrent-downloads": 6/,
    ),
  });
  expect(downloadsFinding(3, classic).found).toContain("more help");
  expect(downloadsFinding(4, classic).found).not.toContain("more help");
});

test("the words are of the engine that is there", () => {
  const containerds = engineInfo({ DriverStatus: [["driver-type", "io.containerd.snapshotter.v1"]] });
  expect(downloadsFinding(undefined, containerds).found).toContain(
    "for each pull or over all, by its version",
  );
  const rootless = engineInfo({ SecurityOptions: ["name=seccomp,profile=builtin", "name=rootless"] });
  expect(downloadsFinding(undefined, rootless).found).toMatch(
    /6 in \/\S+\/docker\/daemon\.json, then systemctl --user reload docker$/,
  );
  expect(downloadsFinding(undefined, rootless).found).not.toContain("/etc/docker");
});

test.each([
  [1, "1 second"],
  [300, "5 minutes"],
  [21_600, "6 hours"],
])("%d seconds are %s", (seconds, text) => expect(showSeconds(seconds)).toBe(text));
