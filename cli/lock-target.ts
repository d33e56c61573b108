import { resolve } from "node:path";
import { defaultLockFile } from "../benchmark/images-lock.ts";
import { defaultRedisImage, gitBaseImage } from "../benchmark/service-images.ts";
import { machine } from "../lib/remedy.ts";
import { dockerHostOf } from "../provision/engine/host.ts";
import { endpointsOf } from "../provision/registry/endpoint.ts";
import type { Rehearsal } from "../rehearsal/rehearsal.ts";
import type { Caller } from "./caller.ts";
import { assertEngine } from "./engine.ts";
import { rehearsalOf } from "./rehearsal.ts";
import { readSettings } from "./stack-settings.ts";

/** Which lock file is meant, and where its images are asked for. */
export interface LockTarget {
  /** Absolute path. */
  readonly file: string;
  /** Registries, in their order. */
  readonly endpoints: readonly string[];
  /** References of the images that the services run from. */
  readonly services: readonly string[];
  /** The rehearsal whose own lock it is. */
  readonly rehearsal?: Rehearsal | undefined;
}

/**
 * A stack's lock file and the registries of its engine; without a stack, the default file and Docker Hub. Starts
 * nothing.
 *
 * @throws where a setting is wrong, and where the engine does not answer.
 */
export async function lockTarget(
  { projectDir, env }: Caller,
  stack: string | undefined,
): Promise<LockTarget> {
  if (stack === undefined) {
    const file = resolve(projectDir, defaultLockFile);
    return { file, endpoints: endpointsOf([]), services: [defaultRedisImage, gitBaseImage] };
  }
  const { imagesLock, dockerHost, redisImage } = readSettings({ projectDir, stack });
  const file = resolve(projectDir, imagesLock || defaultLockFile);
  const rehearsal = rehearsalOf({ configuration: { dockerHost, imagesLock }, env });
  const startedBy = rehearsal && machine("rehearsal", "start", rehearsal.dir);
  const { info } = await assertEngine({ dockerHost: dockerHostOf(dockerHost, env), stack, startedBy });
  const mirrors = info.RegistryConfig?.Mirrors ?? [];
  // The rehearsal's engine asks no other registry: the real images must not get into the lock of the stand-ins.
  const endpoints = rehearsal !== undefined ? mirrors : endpointsOf(mirrors);
  const isItsOwn = rehearsal?.imagesLock === file;
  return {
    ...{ file, endpoints, services: [redisImage.image, gitBaseImage] },
    rehearsal: isItsOwn ? rehearsal : undefined,
  };
}
