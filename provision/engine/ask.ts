import { ANSWER_MS, type Known, known } from "../../lib/known.ts";
import { engineAt } from "./client.ts";
import { type EngineImage, engineImages } from "./images.ts";
import { NoAnswer } from "./no-answer.ts";

/** Of an engine's `GET /version`, what is looked at here. */
export interface EngineVersion {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
  /** What it is made of: Docker's first is Engine, podman's is Podman Engine. */
  readonly Components?: readonly { readonly Name: string }[] | null;
}

/** Whether what answers is podman, which speaks much of Docker's API. */
export function isPodman({ Components }: EngineVersion): boolean {
  return Components?.some(({ Name }) => Name === "Podman Engine") ?? false;
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
  /** Such as `name=rootless`. */
  readonly SecurityOptions?: readonly string[] | null;
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

/** Whether an engine is a user's own, without root: its settings and its service are that user's. */
export function isRootless({ SecurityOptions }: Pick<EngineInfo, "SecurityOptions">): boolean {
  return SecurityOptions?.includes("name=rootless") ?? false;
}

/** What an engine has said of itself. */
export interface EngineFacts {
  readonly version: EngineVersion;
  readonly info: EngineInfo;
  readonly images: readonly EngineImage[];
  /** This machine's clock when the answer was there. */
  readonly answeredAt: Date;
}

/** Asks an engine, once, for all that is looked at. Never throws, and has an answer in time. */
export async function askEngine(
  dockerHost: string,
  limitMs: number = ANSWER_MS,
): Promise<Known<EngineFacts>> {
  try {
    const engine = engineAt(dockerHost, limitMs);
    const [version, info, images] = await Promise.all([
      engine.version(),
      engine.info<EngineInfo>(),
      engine.listImages(),
    ]);
    if (!version?.ApiVersion || !info?.OSType || !Array.isArray(images))
      return { unknown: "what answers there is no Docker engine" };
    return known({ version, info, images: engineImages(images), answeredAt: new Date() });
  } catch (error) {
    return { unknown: error instanceof NoAnswer ? error.reason : (error as Error).message };
  }
}
