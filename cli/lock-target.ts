import { resolve } from "node:path";
import { engineAt } from "../engine/client.ts";
import { dockerHostOf } from "../engine/host.ts";
import { defaultLockFile } from "../manifest/images-lock.ts";
import { endpointsOf } from "../registry/endpoint.ts";
import { noEngine } from "./preflight.ts";
import { readSettings } from "./stack-settings.ts";

/** Which lock file is meant, and where its images are asked for. */
export interface LockTarget {
  /** Absolute path. */
  readonly file: string;
  /** Registries, in their order. */
  readonly endpoints: readonly string[];
}

/**
 * A stack's lock file and the registries of its engine; without a stack, the default file and Docker Hub. Starts
 * nothing.
 *
 * @throws where a setting is wrong, and where the engine does not answer.
 */
export async function lockTarget(projectDir: string, stack: string | undefined): Promise<LockTarget> {
  if (stack === undefined) return { file: resolve(projectDir, defaultLockFile), endpoints: endpointsOf([]) };
  const { imagesLock, dockerHost } = readSettings(projectDir, stack);
  const mirrors = await mirrorsOf(dockerHostOf(dockerHost));
  return { file: resolve(projectDir, imagesLock || defaultLockFile), endpoints: endpointsOf(mirrors) };
}

async function mirrorsOf(dockerHost: string): Promise<readonly string[]> {
  try {
    const info = await engineAt(dockerHost).info();
    return info.RegistryConfig?.Mirrors ?? [];
  } catch (error) {
    throw noEngine(dockerHost, error as Error);
  }
}
