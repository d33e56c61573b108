import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { hostname } from "node:os";
import prettyBytes from "pretty-bytes";
import type { Remedies } from "../../lib/remedy.ts";
import type { EngineInfo } from "../../provision/engine/ask.ts";
import { dockerAt } from "../../provision/engine/docker-command.ts";
import { usesContainerd } from "../../provision/engine/store.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";
import { count } from "../units.ts";
import { daemonFile } from "./downloads.ts";
import type { ToPull } from "./to-pull.ts";

/**
 * How many bytes an image takes on the engine for each byte that is downloaded. Layers are downloaded as gzip and kept
 * unpacked; program files, as these images hold, unpack to two to three times. The upper end, for it is to be safe.
 */
const UNPACKED_RATIO = 3;

/** Bytes of an image that no lock names: the benchmark says that one takes about a gigabyte. */
const UNLOCKED_BYTES = 1e9;

/** Layers that an engine downloads at once by default, and so keeps both packed and unpacked at the same time. */
const IN_FLIGHT = 3;

/** The disk that an engine keeps images on. */
export interface Disk {
  readonly folder: string;
  /** Bytes that are free there; undefined where it could not be measured, for that reason. */
  readonly freeBytes?: number;
  readonly unmeasured?: string;
}

/** Whether an engine is this machine's own, as far as can be told: its files can be looked at then. */
export function isLocal(dockerHost: string, info: EngineInfo): boolean {
  return dockerHost.startsWith("unix://") && process.platform === "linux" && info.Name === hostname();
}

/** Whether an engine's images are with a containerd that is the system's own, and has a folder of its own. */
function isWithSystems(info: EngineInfo): boolean {
  return usesContainerd(info) && (info.Containerd?.Address?.startsWith("/run/containerd/") ?? false);
}

/** The folder that holds an engine's images; of a containerd of the system's own, its usual one, which no engine tells. */
export function imagesFolder(info: EngineInfo): string {
  return isWithSystems(info) ? "/var/lib/containerd" : info.DockerRootDir;
}

/** Measures what is free on the engine's disk. */
export async function measureDisk(dockerHost: string, info: EngineInfo): Promise<Disk> {
  const folder = imagesFolder(info);
  if (!isLocal(dockerHost, info)) return { folder, unmeasured: "the engine runs on another machine" };
  if (!existsSync(folder)) return { folder, unmeasured: `${folder} cannot be seen from here` };
  try {
    const { bavail, bsize } = await statfs(folder);
    return { folder, freeBytes: bavail * bsize };
  } catch (error) {
    return { folder, unmeasured: (error as Error).message };
  }
}

/** Whether what is to be pulled fits on the engine's disk. */
export function spaceFinding(pull: ToPull, disk: Disk, info: EngineInfo, dockerHost: string): Finding {
  const { folder, freeBytes, unmeasured } = disk;
  const { missing, layers, bytes, unlocked } = pull;
  const free =
    freeBytes === undefined ? "free space not measured" : `${prettyBytes(freeBytes)} free in ${folder}`;
  if (missing.length === 0) return ok("space", `${free}; no image is to be pulled`);

  // containerd keeps the downloaded layers beside the unpacked ones, the older stores those alone that are in flight.
  const packed = usesContainerd(info) ? layers : layers.slice(0, IN_FLIGHT);
  const inFlight = packed.reduce((sum, layer) => sum + layer, 0);
  const wanted = UNPACKED_RATIO * bytes + inFlight + unlocked * UNLOCKED_BYTES;
  const sizes = [
    ...(missing.length > unlocked ? [`${prettyBytes(bytes)} to download`] : []),
    ...(unlocked > 0 ? [`${unlocked} not locked: about 1 GB each`] : []),
  ];
  const estimate =
    bytes === 0 ? "" : ` (an estimate: ${UNPACKED_RATIO} times the download, and what is in flight)`;
  const need = `${count(missing.length, "image")} to pull (${sizes.join("; ")}), which take about ${prettyBytes(wanted)}${estimate}`;

  if (freeBytes === undefined) {
    const show = dockerHost.startsWith("ssh://") ? ["ssh", dockerHost.slice("ssh://".length)] : [];
    return warning("space", `${free} (${unmeasured}); ${need}`, {
      command: [...show, "df", "-h", folder],
      when: "on the engine's machine (Docker Desktop: Settings, Resources, Disk usage)",
    });
  }
  const setting = isWithSystems(info)
    ? `"root" in /etc/containerd/config.toml`
    : `"data-root" in ${daemonFile(info)}`;
  const remedies: Remedies = [
    { command: dockerAt(dockerHost, "system", "df"), when: "to see what uses it" },
    { command: dockerAt(dockerHost, "image", "prune"), when: "to remove what nobody uses" },
    { advice: `move ${setting} to a larger disk` },
  ];
  if (freeBytes < bytes) return blocker("space", `${free}; ${need}`, remedies);
  if (freeBytes < wanted) return warning("space", `${free}; ${need}`, remedies);
  return ok("space", `${free}; ${need}`);
}
