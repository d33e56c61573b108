import type { Known } from "../../lib/known.ts";
import { isAtLeast } from "../../lib/version.ts";
import { type EngineFacts, isPodman, isRootless } from "../../provision/engine/ask.ts";
import type { EngineHost } from "../../provision/engine/host.ts";
import type { Piece } from "../../toolchain/toolchain.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";
import { daemonFile, serviceCommand } from "./downloads.ts";

/** Oldest API that this project was tried with: Docker 20.10. */
const API_MINIMUM = "1.41";

/**
 * Newest API that the docker plugin of the closed-network set speaks: it has Docker's client library 20.10.21
 * (toolchain/closed-network/docker/go.mod), which settles on an older API with an older engine, never on a newer one.
 */
const CLOSED_NETWORK_PLUGIN_API = "1.41";

/** Where an engine is, and who starts it. */
export interface EnginePlace {
  readonly dockerHost: string;
  readonly stack: string;
  /** What the host was taken from, and what a reader should know of that. Default: nothing is said of it. */
  readonly engine?: Omit<EngineHost, "host"> | undefined;
  /** Command that starts the engine, where this project can: then one that does not run yet is no blocker. */
  readonly startedBy?: string | undefined;
}

/** Whether the engine answers, and with an API that this project and its docker plugin speak. */
export function engineFinding(
  engine: Known<EngineFacts>,
  place: EnginePlace,
  pieces: readonly Piece[],
): Finding {
  if ("unknown" in engine) return silent(engine.unknown, place);
  const { version, info } = engine.value;
  const { Version, ApiVersion, MinAPIVersion = "unknown" } = version;
  if (isPodman(version)) return podman(Version, place);
  const kind = isRootless(info) ? ", rootless," : "";
  const found = `Docker ${Version}${kind} at ${placeName(place)}: API ${ApiVersion}, the oldest that it serves is ${MinAPIVersion}`;
  const plugin = pieces.find(({ name }) => name === "plugin docker")?.from ?? "";
  if (plugin.startsWith("closed-network") && !isAtLeast(CLOSED_NETWORK_PLUGIN_API, MinAPIVersion)) {
    return blocker(
      "engine",
      `${found}, and the docker plugin of the closed-network set speaks none newer than ${CLOSED_NETWORK_PLUGIN_API}`,
      `Install Pulumi, whose own plugin speaks newer ones (COOPERBENCH_TOOLCHAIN=official ./machine up ${place.stack}), or set "min-api-version": "${CLOSED_NETWORK_PLUGIN_API}" in ${daemonFile(info)} and run: ${serviceCommand(info, "restart")}`,
    );
  }
  if (!isAtLeast(ApiVersion, API_MINIMUM)) {
    return warning(
      "engine",
      `${found}; want API ${API_MINIMUM} or newer`,
      "Update Docker to 20.10 or newer; nothing was tried with an older one",
    );
  }
  return ok("engine", `${found}${wordOf(place)}`);
}

/** It pulls and probes as Docker does, and a proof of single images would not find what it does not. */
function podman(version: string, place: EnginePlace): Finding {
  return blocker(
    "engine",
    `podman ${version} answers at ${placeName(place)}, and CooperBench needs Docker's own engine: podman before 5.6 keeps the entrypoint of an image that CooperBench clears, so that no evaluation can run, and no newer one was tried`,
    `Install Docker's engine (Debian, Ubuntu: apt-get install docker.io), or ${another(place.stack)}`,
  );
}

function wordOf({ engine }: EnginePlace): string {
  return engine?.word === undefined ? "" : `; ${engine.word}`;
}

function placeName({ dockerHost, engine }: EnginePlace): string {
  return engine === undefined ? dockerHost : `${dockerHost} (by ${engine.from})`;
}

function silent(error: string, place: EnginePlace): Finding {
  const { dockerHost, stack, startedBy, engine } = place;
  const isDenied = /EACCES|permission denied/i.test(error);
  if (startedBy !== undefined && isDenied)
    return blocker(
      "engine",
      `the rehearsal's engine at ${dockerHost} is there, and is not this user's to use (${error})`,
      "Run this as the user who started it",
    );
  if (startedBy !== undefined) {
    return warning(
      "engine",
      `the rehearsal's engine at ${dockerHost} does not run (${error})`,
      `It is started by: ${startedBy}`,
    );
  }
  const start = isDenied
    ? "Run this as a user of the group docker (usermod -aG docker USER, then log in again)"
    : "Start it (Debian, Ubuntu: apt-get install docker.io)";
  return blocker(
    "engine",
    `the Docker engine at ${placeName(place)} does not answer (${error}); want one that runs and that you may use${wordOf(place)}`,
    engine?.remedy ?? `${start}, or ${another(stack)}`,
  );
}

function another(stack: string): string {
  return (
    `set dockerHost to the one that is meant: ./machine set ${stack} dockerHost HOST\n` +
    "To try everything without it: ./machine up dev, the rehearsal"
  );
}
