import type { LockedImage, LockedTask } from "../../../../benchmark/images-lock.ts";
import { readTasks } from "../../../../benchmark/tasks.ts";
import type { EngineFacts, EngineInfo } from "../../../../provision/engine/ask.ts";

/** A digest that is told apart by its last digits. */
export function digest(number: number): string {
  return `sha256:${String(number).padStart(64, "0")}`;
}

/** An engine's word on itself, as Docker 28 on a Linux machine gives it. */
export function engineInfo(more: Partial<EngineInfo> = {}): EngineInfo {
  return {
    Name: "lab-1",
    OSType: "linux",
    Architecture: "x86_64",
    Driver: "overlay2",
    DriverStatus: [["Backing Filesystem", "extfs"]],
    DockerRootDir: "/var/lib/docker",
    NCPU: 2,
    MemTotal: 8e9,
    SystemTime: "2026-01-01T00:00:00Z",
    ...more,
  };
}

/** An engine's facts, with the given ones of its version. */
export function engineFacts(version: Partial<EngineFacts["version"]> = {}): EngineFacts {
  return {
    version: { Version: "28.2.2", ApiVersion: "1.50", MinAPIVersion: "1.24", ...version },
    info: engineInfo(),
    images: [],
    answeredAt: new Date("2026-01-01T00:00:00Z"),
  };
}

/** Tasks of the benchmark, each locked to an image of its own with the given layers: bytes by digest. */
export function lockedTasks(...layers: readonly Readonly<Record<string, number>>[]): LockedTask[] {
  const tasks = readTasks();
  return layers.map((own, index) => ({ ...(tasks[index] as LockedTask), locked: lockedImage(index, own) }));
}

/** A locked image whose id and digest are made from a number. */
export function lockedImage(number: number, layers: Readonly<Record<string, number>>): LockedImage {
  return {
    digest: digest(1000 + number),
    platform: "linux/amd64",
    imageId: digest(2000 + number),
    compressedBytes: Object.values(layers).reduce((sum, bytes) => sum + bytes, 0),
    layers,
    lockedAt: "2026-01-01T00:00:00Z",
  };
}
