import { readFileSync } from "node:fs";
import { type Finding, ok } from "../finding.ts";

/** Layers that an engine downloads at once, over all pulls, where its configuration sets no number. */
const DEFAULT_DOWNLOADS = 3;

/** Configuration of the engine that a package installs. */
const DAEMON_FILE = "/etc/docker/daemon.json";

/** The number that a Docker configuration sets; undefined where it sets none, or cannot be read. */
export function configuredDownloads(file = DAEMON_FILE): number | undefined {
  try {
    const { "max-concurrent-downloads": number } = JSON.parse(readFileSync(file, "utf8"));
    return typeof number === "number" ? number : undefined;
  } catch {
    return undefined; // none is there, as mostly, or it is not for this user to read
  }
}

/** How many layers the engine downloads at once, and where another number would help. No engine tells it itself. */
export function downloadsFinding(configured: number | undefined): Finding {
  const found =
    configured === undefined
      ? `the engine downloads ${DEFAULT_DOWNLOADS} layers at once, over all pulls (Docker's default)`
      : `the engine downloads ${configured} layers at once, over all pulls (${DAEMON_FILE})`;
  return ok(
    "downloads",
    configured === undefined || configured <= DEFAULT_DOWNLOADS
      ? `${found}; more help where the line is faster than these fill: "max-concurrent-downloads": 6 in ${DAEMON_FILE}, then systemctl reload docker`
      : found,
  );
}
