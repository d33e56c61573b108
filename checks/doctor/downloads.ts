import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type EngineInfo, isRootless } from "../../provision/engine/ask.ts";
import { usesContainerd } from "../../provision/engine/store.ts";
import { type Finding, ok } from "../finding.ts";

/** Layers that an engine downloads at once where its configuration sets no number. */
const DEFAULT_DOWNLOADS = 3;

/** The configuration of an engine: a rootless one has its user's. */
export function daemonFile(info: Pick<EngineInfo, "SecurityOptions">): string {
  return isRootless(info)
    ? join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "docker", "daemon.json")
    : "/etc/docker/daemon.json";
}

/** The command that has an engine's service do something, such as `reload`. */
export function serviceCommand(
  info: Pick<EngineInfo, "SecurityOptions">,
  verb: "reload" | "restart",
): string {
  return `systemctl ${isRootless(info) ? "--user " : ""}${verb} docker`;
}

/** The number that a Docker configuration sets; undefined where it sets none, or cannot be read. */
export function configuredDownloads(file: string): number | undefined {
  try {
    const { "max-concurrent-downloads": number } = JSON.parse(readFileSync(file, "utf8"));
    return typeof number === "number" ? number : undefined;
  } catch {
    return undefined; // none is there, as mostly, or it is not for this user to read
  }
}

/**
 * How many layers the engine downloads at once, and where another number would help. No engine tells it itself.
 *
 * @param configured undefined where nothing sets it, or that is not known.
 */
export function downloadsFinding(configured: number | undefined, info: EngineInfo): Finding {
  const file = daemonFile(info);
  const [number, from] =
    configured === undefined ? [DEFAULT_DOWNLOADS, "Docker's default"] : [configured, file];
  // Seen: 26.1 counts with containerd's store for each pull, a modern engine over all.
  const scope = usesContainerd(info) ? "for each pull or over all, by its version" : "over all pulls";
  const found = `the engine downloads ${number} layers at once, ${scope} (${from})`;
  if (number > DEFAULT_DOWNLOADS) return ok("downloads", found);
  return ok(
    "downloads",
    `${found}; more help where the line is faster than these fill: "max-concurrent-downloads": 6 in ${file}, then ${serviceCommand(info, "reload")}`,
  );
}
