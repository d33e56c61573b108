/**
 * Chooses the Pulumi CLI: one on PATH, the official installation, or the closed-network set; and has its plugins
 * put in place.
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentFor } from "../lib/environment.ts";
import { findAllOnPath, findOnPath, isExecutable } from "../lib/find-program.ts";
import { foundOf, Problem } from "../lib/problem.ts";
import { answerOf } from "../lib/run.ts";
import { isAtLeast } from "../lib/version.ts";
import { canReachOfficial, installOfficial, officialFolder } from "./official.ts";
import { readyPlugins } from "./plugins.ts";
import type { Report } from "./steps.ts";
import type { Piece } from "./toolchain.ts";
import type { ToolchainSettings } from "./variables.ts";
import { PULUMI_MINIMUM } from "./versions.ts";

/** A CLI with its plugins. */
export interface ReadyPulumi {
  readonly file: string;
  /** Variables that the CLI needs to find the plugins. */
  readonly env: Readonly<Record<string, string>>;
  readonly pieces: readonly Piece[];
  /** Files that this rests on, besides the CLI. */
  readonly files: readonly string[];
  /** Whether something of the closed-network set is in it. */
  readonly closedNetwork: boolean;
}

/** A CLI without its plugins. */
export interface Cli {
  readonly file: string;
  readonly piece: Piece;
  readonly files: readonly string[];
  readonly closedNetwork: boolean;
}

/** Finds or gets the CLI as the settings' mode says, and its plugins. */
export async function choosePulumi(settings: ToolchainSettings, report: Report): Promise<ReadyPulumi> {
  const cli = await chooseCli(settings, report);
  const plugins = await readyPlugins(cli, settings, report);
  return {
    file: cli.file,
    env: plugins.env,
    pieces: [cli.piece, ...plugins.pieces],
    files: [...cli.files, ...plugins.files],
    closedNetwork: cli.closedNetwork || plugins.closedNetwork,
  };
}

async function chooseCli(settings: ToolchainSettings, report: Report): Promise<Cli> {
  const { mode } = settings;
  if (mode === "auto" || mode === "path") {
    const { cli, refused } = await cliOnPath(settings);
    for (const reason of refused) report(reason);
    if (cli) return cli;
    if (mode === "path") {
      throw new Problem(
        `COOPERBENCH_TOOLCHAIN=path, and PATH has no suitable pulumi (${refused.join("; ") || "none at all"})`,
        [unset, { advice: `install Pulumi ${PULUMI_MINIMUM} or newer, with pulumi-language-nodejs` }],
      );
    }
  }
  if (mode === "auto" || mode === "official") {
    const cli = await officialCli(settings, report);
    if (cli) return cli;
  }
  const { closedNetworkCli } = await import("./closed-network.ts");
  return closedNetworkCli(settings, report);
}

/** The first suitable `pulumi` on PATH, and why those before it are not. */
export async function cliOnPath(
  settings: Pick<ToolchainSettings, "path">,
): Promise<{ cli?: Cli; refused: string[] }> {
  const refused: string[] = [];
  for (const file of findAllOnPath("pulumi", settings.path)) {
    const version = await versionOf(file);
    const beside = join(dirname(file), "pulumi-language-nodejs");
    const host = isExecutable(beside) ? beside : findOnPath("pulumi-language-nodejs", settings.path);
    if (!isAtLeast(version, PULUMI_MINIMUM)) {
      refused.push(`${file} is version ${version || "unknown"}, and ${PULUMI_MINIMUM} is wanted`);
    } else if (!host) {
      refused.push(`${file} has no pulumi-language-nodejs beside it or on PATH`);
    } else {
      const piece = { name: "pulumi", version, from: `PATH (${file})` };
      return { cli: { file, piece, files: [host], closedNetwork: false }, refused };
    }
  }
  return { refused };
}

async function officialCli(settings: ToolchainSettings, report: Report): Promise<Cli | undefined> {
  const folder = officialFolder(settings);
  if (!existsSync(folder)) {
    const { reached, said } = await canReachOfficial();
    report(said);
    if (!reached && settings.mode === "official") {
      throw new Problem("COOPERBENCH_TOOLCHAIN=official, but the official place cannot be reached", [
        unset,
        { command: ["export", "COOPERBENCH_TOOLCHAIN=closed-network"] },
      ]);
    }
    if (!reached) return undefined;
    try {
      await installOfficial(settings, report);
    } catch (error) {
      if (settings.mode === "official") throw error;
      report(foundOf(error));
      return undefined;
    }
  }
  const file = join(folder, "bin", "pulumi");
  const version = await versionOf(file);
  return {
    file,
    piece: { name: "pulumi", version, from: "official installation" },
    files: [join(folder, "bin", "pulumi-language-nodejs")],
    closedNetwork: false,
  };
}

/** What a CLI says that it is; empty where it does not run. */
async function versionOf(file: string): Promise<string> {
  const env = environmentFor("pulumi", process.env, { PULUMI_SKIP_UPDATE_CHECK: "true" });
  return (await answerOf(file, ["version"], { env, timeoutSeconds: 20 }))?.replace(/^v/, "") ?? "";
}

const unset = { command: ["unset", "COOPERBENCH_TOOLCHAIN"] };
