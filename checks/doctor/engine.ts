import { engineAt } from "../../provision/engine/client.ts";
import { type EngineImage, engineImages } from "../../provision/engine/images.ts";
import { NoAnswer } from "../../provision/engine/no-answer.ts";
import type { Piece } from "../../toolchain/toolchain.ts";
import { isAtLeast } from "../../toolchain/versions.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";

/** Oldest API that this project was tried with: Docker 20.10. */
const API_MINIMUM = "1.41";

/**
 * Newest API that the docker plugin of the closed-network set speaks: it has Docker's client library 20.10.21
 * (toolchain/closed-network/docker/go.mod), which settles on an older API with an older engine, never on a newer one.
 */
const CLOSED_NETWORK_PLUGIN_API = "1.41";

/** Milliseconds in which an engine has to answer. One that is busy with pulls takes a second, one over ssh two. */
const ANSWER_MS = 10_000;

/** Of an engine's `GET /version`, what is looked at here. */
export interface EngineVersion {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
}

/** Of an engine's `GET /info`, what is looked at here. */
export interface EngineInfo {
  /** Name of the machine that it runs on. */
  readonly Name: string;
  readonly OSType: string;
  /** As the kernel names it: x86_64, aarch64. */
  readonly Architecture: string;
  /** Storage driver. */
  readonly Driver: string;
  readonly DriverStatus?: readonly (readonly string[])[] | null;
  readonly DockerRootDir: string;
  /** Processors that containers may use. */
  readonly NCPU: number;
  /** Memory that containers may use, in bytes. */
  readonly MemTotal: number;
  /** The engine's clock, in RFC 3339. */
  readonly SystemTime: string;
  readonly RegistryConfig?: { readonly Mirrors?: readonly string[] | null } | null;
  /** Told by Docker 25 and newer. */
  readonly Containerd?: { readonly Address?: string } | null;
}

/** What an engine has said of itself. */
export interface EngineFacts {
  readonly version: EngineVersion;
  readonly info: EngineInfo;
  readonly images: readonly EngineImage[];
  /** This machine's clock when the answer was there. */
  readonly answeredAt: Date;
}

/** An engine's facts, or why there are none. */
export type EngineAnswer = EngineFacts | { readonly error: string };

/** Asks an engine, once, for all that the checks look at. Never throws. */
export async function askEngine(dockerHost: string, answerMs = ANSWER_MS): Promise<EngineAnswer> {
  try {
    const engine = engineAt(dockerHost, answerMs);
    const [version, info, images] = await Promise.all([
      engine.version(),
      engine.info() as Promise<EngineInfo>,
      engine.listImages(),
    ]);
    return { version, info, images: engineImages(images), answeredAt: new Date() };
  } catch (error) {
    return { error: error instanceof NoAnswer ? error.reason : (error as Error).message };
  }
}

/** Where an engine is, and who starts it. */
export interface EnginePlace {
  readonly dockerHost: string;
  readonly stack: string;
  /** Command that starts the engine, where this project can: then one that does not run yet is no blocker. */
  readonly startedBy?: string | undefined;
}

/** Whether the engine answers, and with an API that this project and its docker plugin speak. */
export function engineFinding(answer: EngineAnswer, place: EnginePlace, pieces: readonly Piece[]): Finding {
  if ("error" in answer) return silent(answer.error, place);
  const { Version, ApiVersion, MinAPIVersion = "unknown" } = answer.version;
  const found = `Docker ${Version} at ${place.dockerHost}: API ${ApiVersion}, the oldest that it serves is ${MinAPIVersion}`;
  const plugin = pieces.find(({ name }) => name === "plugin docker")?.from ?? "";
  if (plugin.startsWith("closed-network") && !isAtLeast(CLOSED_NETWORK_PLUGIN_API, MinAPIVersion)) {
    return blocker(
      "engine",
      `${found}, and the docker plugin of the closed-network set speaks none newer than ${CLOSED_NETWORK_PLUGIN_API}`,
      `Install Pulumi, whose own plugin speaks newer ones (COOPERBENCH_TOOLCHAIN=official ./machine up ${place.stack}), or set "min-api-version": "${CLOSED_NETWORK_PLUGIN_API}" in /etc/docker/daemon.json and run: systemctl restart docker`,
    );
  }
  if (!isAtLeast(ApiVersion, API_MINIMUM)) {
    return warning(
      "engine",
      `${found}; want API ${API_MINIMUM} or newer`,
      "Update Docker to 20.10 or newer; nothing was tried with an older one",
    );
  }
  return ok("engine", found);
}

function silent(error: string, { dockerHost, stack, startedBy }: EnginePlace): Finding {
  if (startedBy !== undefined) {
    return warning(
      "engine",
      `the rehearsal's engine at ${dockerHost} does not run (${error})`,
      `It is started by: ${startedBy}`,
    );
  }
  const start = /EACCES|permission denied/i.test(error)
    ? "Run this as a user of the group docker (usermod -aG docker USER, then log in again)"
    : "Start it (Debian, Ubuntu: apt-get install docker.io)";
  return blocker(
    "engine",
    `the Docker engine at ${dockerHost} does not answer (${error}); want one that runs and that you may use`,
    `${start}, or set dockerHost to the one that is meant: ./machine pulumi config set dockerHost HOST --stack ${stack}\n` +
      "To try everything without it: ./machine up dev, the rehearsal",
  );
}
