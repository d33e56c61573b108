/**
 * Puts the resource plugins in place: the user's own if they are there, official archives from a folder that the
 * user gives, the engine's download, or the closed-network set.
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { environmentFor } from "../lib/environment.ts";
import { foundOf, Problem } from "../lib/problem.ts";
import { output } from "../lib/run.ts";
import { cachedFolder } from "./cache.ts";
import { canReachOfficial } from "./official.ts";
import type { Cli } from "./pulumi.ts";
import { stampOf } from "./record.ts";
import { type Report, step } from "./steps.ts";
import type { Piece } from "./toolchain.ts";
import type { ToolchainSettings } from "./variables.ts";
import { type PluginVersion, pluginVersions } from "./versions.ts";

/** Plugins in place. */
export interface ReadyPlugins {
  /** Variables that the CLI needs to find them. */
  readonly env: Readonly<Record<string, string>>;
  readonly pieces: readonly Piece[];
  readonly files: readonly string[];
  readonly closedNetwork: boolean;
}

interface Source {
  readonly plugin: PluginVersion;
  /** What `pulumi plugin install --file` takes. */
  readonly file: string;
  readonly piece: Piece;
  /** Files of the project that the plugin was made from. */
  readonly madeFrom: readonly string[];
}

/** Readies the plugins that the project's packages need. */
export async function readyPlugins(
  cli: Cli,
  settings: ToolchainSettings,
  report: Report,
): Promise<ReadyPlugins> {
  const plugins = pluginVersions(settings.projectDir);
  if (!cli.closedNetwork) {
    const own = await userPlugins(cli, plugins, settings, report);
    if (own) return own;
  }
  const sources: Source[] = [];
  for (const plugin of plugins) {
    sources.push(archiveSource(plugin, settings) ?? (await closedNetworkSource(plugin, settings, report)));
  }
  const home = await pulumiHome(cli, sources, settings, report);
  return {
    env: {
      PULUMI_HOME: home,
      // The user's login is not in that folder; this variable has Pulumi look where it is.
      PULUMI_CREDENTIALS_PATH: settings.credentialsPath,
    },
    pieces: sources.map(({ piece }) => piece),
    files: sources.flatMap(({ plugin, madeFrom }) => [...madeFrom, installed(home, plugin)]),
    closedNetwork: true,
  };
}

function installed(home: string, { name, version }: PluginVersion): string {
  return join(home, "plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`);
}

/** Has the plugins in the user's own Pulumi folder; undefined where that cannot be. */
async function userPlugins(
  cli: Cli,
  plugins: readonly PluginVersion[],
  settings: ToolchainSettings,
  report: Report,
): Promise<ReadyPlugins | undefined> {
  const home = settings.userPulumiHome;
  const pieces: Piece[] = [];
  for (const plugin of plugins) {
    const archive = archiveSource(plugin, settings);
    const there = existsSync(installed(home, plugin));
    if (!there && !archive) {
      const { reached, said } = await canReachOfficial();
      report(said);
      if (!reached && settings.mode !== "official") return undefined;
    }
    if (!there) {
      const args = ["plugin", "install", "resource", plugin.name, plugin.version];
      try {
        await step(report, `plugin ${plugin.name} ${plugin.version}: installing`, () =>
          output(cli.file, archive ? [...args, "--file", archive.file] : args, { env: pulumiEnv(home) }),
        );
      } catch (error) {
        if (settings.mode === "official" || archive) throw error;
        report(foundOf(error));
        return undefined;
      }
    }
    const from = there ? `found in ${home}` : (archive?.piece.from ?? "official download");
    pieces.push({ name: `plugin ${plugin.name}`, version: plugin.version, from });
  }
  // A shell with another checkout's `./machine env` may have the cache's PULUMI_HOME.
  const env = { PULUMI_HOME: home };
  return { env, pieces, files: plugins.map((plugin) => installed(home, plugin)), closedNetwork: false };
}

function archiveSource(plugin: PluginVersion, settings: ToolchainSettings): Source | undefined {
  if (settings.archives === undefined) return undefined;
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const name = `pulumi-resource-${plugin.name}-v${plugin.version}-${process.platform}-${arch}.tar.gz`;
  const file = join(settings.archives, name);
  if (!existsSync(file)) {
    throw new Problem(`COOPERBENCH_PLUGIN_ARCHIVES is ${settings.archives}, but ${name} is not in it`, [
      { command: ["unset", "COOPERBENCH_PLUGIN_ARCHIVES"] },
      { advice: `put the official archive of that name into ${settings.archives}` },
    ]);
  }
  const piece = { name: `plugin ${plugin.name}`, version: plugin.version, from: `archive ${file}` };
  return { plugin, file, piece, madeFrom: [file] };
}

async function closedNetworkSource(
  plugin: PluginVersion,
  settings: ToolchainSettings,
  report: Report,
): Promise<Source> {
  const { closedNetworkPlugin } = await import("./closed-network.ts");
  const { file, files } = await closedNetworkPlugin(plugin, settings, report);
  const piece = { name: `plugin ${plugin.name}`, version: plugin.version, from: "closed-network set" };
  return { plugin, file, piece, madeFrom: files };
}

/** A PULUMI_HOME in the cache with these plugins. Pulumi writes its own things there too. */
async function pulumiHome(
  cli: Cli,
  sources: readonly Source[],
  settings: ToolchainSettings,
  report: Report,
): Promise<string> {
  const identity = sources.map(({ plugin, file }) => [plugin.name, plugin.version, file, stampOf(file)]);
  const key = createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 12);
  return cachedFolder(join(settings.cacheDir, `pulumi-home-${key}`), report, async (temporary) => {
    for (const { plugin, file } of sources) {
      const args = ["plugin", "install", "resource", plugin.name, plugin.version, "--file", file];
      await output(cli.file, args, { env: pulumiEnv(temporary) });
    }
  });
}

function pulumiEnv(home: string) {
  return environmentFor("pulumi", process.env, { PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" });
}
