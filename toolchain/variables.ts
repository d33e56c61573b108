/** The user's word on the toolchain, from the environment, and where its files are. */

import { delimiter, join, resolve } from "node:path";
import { cacheFolder } from "../lib/cache-folder.ts";
import { type Environment, homeOf } from "../lib/environment.ts";
import { Problem } from "../lib/problem.ts";

/** How the toolchain may be had; `auto` tries the others in this order. */
export const MODES = ["auto", "path", "official", "closed-network"] as const;
export type Mode = (typeof MODES)[number];

/** The settings of one run. */
export interface ToolchainSettings {
  readonly projectDir: string;
  /** From COOPERBENCH_TOOLCHAIN, default "auto". */
  readonly mode: Mode;
  /** From COOPERBENCH_PLUGIN_ARCHIVES: a folder of official plugin archives. */
  readonly archives: string | undefined;
  /** Folder of everything that is made here: $XDG_CACHE_HOME (or ~/.cache), cooperbench-machine. */
  readonly cacheDir: string;
  /** PATH without the toolchain's own folders: a shell may have them from `./machine env`. */
  readonly path: readonly string[];
  /** The user's own Pulumi folder: $PULUMI_HOME or ~/.pulumi. */
  readonly userPulumiHome: string;
  /** Where Pulumi is to find the user's login: $PULUMI_CREDENTIALS_PATH or the user's Pulumi folder. */
  readonly credentialsPath: string;
  /** Where Node keeps compiled code: $NODE_COMPILE_CACHE or a folder of the cache. */
  readonly compileCache: string;
}

/** Reads the settings, and says which one is wrong. */
export function readSettings(projectDir: string, env: Environment): ToolchainSettings {
  const mode = env.COOPERBENCH_TOOLCHAIN || "auto";
  if (!MODES.includes(mode as Mode)) {
    throw new Problem(`COOPERBENCH_TOOLCHAIN is ${JSON.stringify(mode)}, not one of ${MODES.join(", ")}`, {
      command: ["unset", "COOPERBENCH_TOOLCHAIN"],
      when: "for the default, auto",
    });
  }
  const cacheDir = cacheFolder(env);
  const packages = join(projectDir, "node_modules");
  const path = (env.PATH ?? "")
    .split(delimiter)
    .filter((dir) => dir !== "" && !dir.startsWith(`${cacheDir}/`) && !dir.startsWith(`${packages}/`));
  return {
    projectDir,
    mode: mode as Mode,
    archives: env.COOPERBENCH_PLUGIN_ARCHIVES && resolve(env.COOPERBENCH_PLUGIN_ARCHIVES),
    cacheDir,
    path: [...new Set(path)],
    userPulumiHome: pulumiFolder(env),
    credentialsPath: credentialsFolder(env),
    compileCache: env.NODE_COMPILE_CACHE || join(cacheDir, "node-compile-cache"),
  };
}

/** Where Pulumi keeps the user's login. */
export function credentialsFolder(env: Environment): string {
  return env.PULUMI_CREDENTIALS_PATH || pulumiFolder(env);
}

function pulumiFolder(env: Environment): string {
  // A shell with `./machine env` in it has our PULUMI_HOME, which is not the user's.
  const pulumiHome = env.PULUMI_HOME;
  const foreign = pulumiHome && !pulumiHome.startsWith(`${cacheFolder(env)}/`) ? pulumiHome : undefined;
  return foreign ?? join(homeOf(env), ".pulumi");
}
