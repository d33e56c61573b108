import { existsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Environment } from "../../lib/environment.ts";
import { xdgFolder } from "../../lib/xdg.ts";
import type { WantedFolder } from "./folders.ts";
import type { WantedRoom } from "./room.ts";

const MB = 1_000_000;

/** Bytes of the environment of CooperBench 0.0.29 with its extra `dev`: 383 MB. */
const ENVIRONMENT_BYTES = 400 * MB;
/** Bytes of a checkout with its history. */
const CHECKOUT_BYTES = 100 * MB;
/** Bytes that an update writes of the state, its copy and its history; logs of an update and patches. */
const STATE_BYTES = 5 * MB;
const TEMPORARY_BYTES = 10 * MB;
/** Bytes of Pulumi with its plugins, where they are yet to be got. */
const TOOLCHAIN_BYTES = 500 * MB;

/** What is looked for. */
export interface PlacesQuestion {
  /** Absolute path of the checkout. */
  readonly checkout: string;
  /** Folder of the passphrase and, unless there is another backend, of the state. */
  readonly dataDir: string;
  /** Folder of the state; undefined where the backend has no files here. */
  readonly stateDir: string | undefined;
  /** Folder of the toolchain. */
  readonly cacheDir: string;
  readonly isToolchainReady: boolean;
  /** Whether the checkout is there and whole. */
  readonly isMade: boolean;
  /** Whether its environment is, too. */
  readonly isInstalled: boolean;
}

/** A folder that is written in, and what is written there. */
export type Place = WantedFolder & WantedRoom;

/** The folders that an update writes in, each with the bytes that it takes there. */
export function placesOf(
  { checkout, dataDir, stateDir, cacheDir, isToolchainReady, isMade, isInstalled }: PlacesQuestion,
  env: Environment,
): readonly Place[] {
  const isElsewhere = stateDir !== undefined && !stateDir.startsWith(`${dataDir}/`);
  const uvCache = uvCacheDir(env);
  // What uv's cache has, it links to on its own disk, and copies to another. Which packages it has is not known.
  const mayLink = existsSync(join(uvCache, "archive-v0")) && diskOf(uvCache) === diskOf(checkout);
  return [
    {
      purpose: "the checkout",
      path: checkout,
      bytes: (isMade ? 0 : CHECKOUT_BYTES) + (isInstalled ? 0 : ENVIRONMENT_BYTES),
      perhaps: !isInstalled && mayLink ? ENVIRONMENT_BYTES : 0,
    },
    {
      purpose: isElsewhere ? "the passphrase" : "state and passphrase",
      path: dataDir,
      bytes: stateDir === undefined || isElsewhere ? 0 : STATE_BYTES,
    },
    ...(isElsewhere ? [{ purpose: "the state", path: stateDir, bytes: STATE_BYTES, mustExist: true }] : []),
    { purpose: "the toolchain", path: cacheDir, bytes: isToolchainReady ? 0 : TOOLCHAIN_BYTES },
    ...(isInstalled
      ? []
      : [
          {
            purpose: "uv's cache",
            path: uvCache,
            bytes: ENVIRONMENT_BYTES,
            perhaps: ENVIRONMENT_BYTES,
          },
        ]),
    { purpose: "temporary files", path: tmpdir(), bytes: TEMPORARY_BYTES, mustExist: true },
  ];
}

/** The disk of a folder, or of the nearest one above it that is there. */
function diskOf(folder: string): number | undefined {
  if (!existsSync(folder) && folder !== dirname(folder)) return diskOf(dirname(folder));
  try {
    return statSync(folder).dev;
  } catch {
    return undefined; // whether it can be written to is another check's
  }
}

function uvCacheDir(env: Environment): string {
  return env.UV_CACHE_DIR ? resolve(env.UV_CACHE_DIR) : join(xdgFolder("XDG_CACHE_HOME", env), "uv");
}
