import { resolve } from "node:path";
import { engineAt } from "../engine/client.ts";
import { dockerHostOf } from "../engine/host.ts";
import { defaultLockFile } from "../manifest/images-lock.ts";
import { Problem } from "../provision/problem.ts";
import { endpointsOf } from "../registry/endpoint.ts";
import { noEngine } from "./preflight.ts";
import { rehearsalOf } from "./rehearsal.ts";
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
  const file = resolve(projectDir, imagesLock || defaultLockFile);
  // The rehearsal's engine asks no other registry: the real images must not get into the lock of the stand-ins.
  if (rehearsalOf({ dockerHost }) !== undefined)
    return { file, endpoints: await mirrorsOf(dockerHost, noRehearsal) };
  return { file, endpoints: endpointsOf(await mirrorsOf(dockerHostOf(dockerHost), noEngine)) };
}

async function mirrorsOf(
  dockerHost: string,
  problem: (dockerHost: string, error: Error) => Problem,
): Promise<readonly string[]> {
  try {
    const info = await engineAt(dockerHost).info();
    return info.RegistryConfig?.Mirrors ?? [];
  } catch (error) {
    throw problem(dockerHost, error as Error);
  }
}

function noRehearsal(dockerHost: string): Problem {
  return new Problem(`the rehearsal at ${dockerHost} does not run; start it: ./machine rehearsal start`);
}
