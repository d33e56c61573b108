import type { Known } from "../../lib/known.ts";
import { type Command, machine, type Remedy } from "../../lib/remedy.ts";
import { isAtLeast } from "../../lib/version.ts";
import { type EngineFacts, isPodman, isRootless } from "../../provision/engine/ask.ts";
import type { EngineHost } from "../../provision/engine/host.ts";
import type { Piece } from "../../toolchain/toolchain.ts";
import { blocker, type Faulty, type Finding, ok, warning } from "../finding.ts";
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
  /** What starts the engine, where this project can: then one that does not run yet is no blocker. */
  readonly startedBy?: Command | undefined;
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
      `${found}, but the docker plugin of the closed-network set speaks none newer than ${CLOSED_NETWORK_PLUGIN_API}`,
      [
        {
          command: ["COOPERBENCH_TOOLCHAIN=official", "./machine", "up", place.stack],
          when: "if Pulumi is installed, whose own plugin speaks newer ones",
        },
        {
          advice: `set "min-api-version": "${CLOSED_NETWORK_PLUGIN_API}" in ${daemonFile(info)}, and restart the engine (${serviceCommand(info, "restart")})`,
        },
      ],
    );
  }
  if (!isAtLeast(ApiVersion, API_MINIMUM)) {
    return warning("engine", `${found}; this project was tested with API ${API_MINIMUM} and newer`, {
      advice: "update Docker to 20.10 or newer",
    });
  }
  return ok("engine", `${found}${wordOf(place)}`);
}

/** It pulls and probes as Docker does, and a proof of single images would not find what it does not. */
function podman(version: string, place: EnginePlace): Finding {
  return blocker(
    "engine",
    `podman ${version} answers at ${placeName(place)}, but CooperBench needs Docker's own engine: podman before 5.6 keeps the entrypoint that CooperBench clears, so no evaluation can run. Newer ones were not tested`,
    [
      { advice: "install Docker's engine (Debian, Ubuntu: apt-get install docker.io)" },
      ...another(place.stack),
    ],
  );
}

function wordOf({ engine }: EnginePlace): string {
  return engine?.word === undefined ? "" : `; ${engine.word}`;
}

function placeName({ dockerHost, engine }: EnginePlace): string {
  return engine === undefined ? dockerHost : `${dockerHost} (by ${engine.from})`;
}

/** An engine that does not answer. */
export function silent(error: string, place: EnginePlace): Faulty {
  const { dockerHost, stack, startedBy, engine } = place;
  const isDenied = /EACCES|permission denied/i.test(error);
  if (startedBy !== undefined && isDenied)
    return blocker(
      "engine",
      `the rehearsal's engine at ${dockerHost} is there, but this user may not use it (${error})`,
      { advice: "run this as the user who started it" },
    );
  if (startedBy !== undefined) {
    return warning("engine", `the rehearsal's engine at ${dockerHost} does not run (${error})`, startedBy);
  }
  const start = isDenied
    ? "run this as a user of the group docker (sudo usermod -aG docker USER, then log in again)"
    : "start it (Debian, Ubuntu: apt-get install docker.io)";
  return blocker(
    "engine",
    `the Docker engine at ${placeName(place)} does not answer (${error})${wordOf(place)}`,
    engine?.remedy ?? [{ advice: start }, ...another(stack)],
  );
}

function another(stack: string): readonly Remedy[] {
  return [
    { ...machine("set", stack, "dockerHost", "HOST"), when: "to use another engine" },
    { ...machine("up", "dev"), when: "to try everything without it, in the rehearsal" },
  ];
}
