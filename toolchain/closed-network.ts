/**
 * The closed-network set: what a network that reaches package registries only can have. The CLI, the docker plugin
 * and a command plugin are built from Go modules that closed-network/ locks; the language host is TypeScript.
 */

import { chmodSync, copyFileSync, linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Problem } from "../lib/problem.ts";
import { cachedFolder } from "./cache.ts";
import { digest, type GoProgram, goProgram, sourceFiles } from "./go-program.ts";
import type { Cli } from "./pulumi.ts";
import type { Report } from "./steps.ts";
import type { ToolchainSettings } from "./variables.ts";
import { CLOSED_NETWORK_PLUGINS, type PluginVersion, PULUMI_VERSION } from "./versions.ts";

const SOURCES = join(import.meta.dirname, "closed-network");

const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const DOCKER: GoProgram = {
  name: "pulumi-resource-docker",
  version: CLOSED_NETWORK_PLUGINS.docker ?? "",
  module: join(SOURCES, "docker"),
  package: "./pulumi-resource-docker",
  ldflags: "-s -w",
  takes: "a minute on two cores the first time",
};
const CLI: GoProgram = {
  name: "pulumi",
  version: PULUMI_VERSION,
  module: join(SOURCES, "core"),
  package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
  // Without its version the Automation API refuses the CLI.
  ldflags: `-s -w -X ${VERSION_VARIABLE}=v${PULUMI_VERSION}`,
  takes: "some three minutes on two cores the first time",
  next: DOCKER,
};
const PLUGINS: Readonly<Record<string, GoProgram>> = {
  command: {
    name: "pulumi-resource-command",
    version: CLOSED_NETWORK_PLUGINS.command ?? "",
    module: join(SOURCES, "core"),
    package: "./pulumi-resource-command",
    ldflags: "-s -w",
    takes: "some seconds",
  },
  docker: DOCKER,
};

/** The CLI of the closed-network set, with its language host beside it. */
export async function closedNetworkCli(settings: ToolchainSettings, report: Report): Promise<Cli> {
  const built = await goProgram(CLI, settings, report);
  const host = sourceFiles(join(SOURCES, "language-host"));
  const key = digest([built.file, ...host.map((file) => readFileSync(file, "utf8"))]);
  const folder = join(settings.cacheDir, `closed-network-${PULUMI_VERSION}-${key}`);
  await cachedFolder(folder, report, async (temporary) => {
    // The engine takes a language host from the folder of its own executable, so a symbolic link would not do.
    linkSync(built.file, join(temporary, "pulumi"));
    mkdirSync(join(temporary, "language-host"));
    for (const file of host) copyFileSync(file, join(temporary, "language-host", basename(file)));
    const launcher = join(temporary, "pulumi-language-nodejs");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's, the launcher's own folder
    writeFileSync(launcher, '#!/bin/sh\nexec node "${0%/*}/language-host/host.ts" "$@"\n');
    chmodSync(launcher, 0o755);
  });
  return {
    file: join(folder, "pulumi"),
    piece: { name: "pulumi", version: PULUMI_VERSION, from: "closed-network set (Go modules)" },
    files: [join(folder, "pulumi-language-nodejs"), ...built.files, ...host],
    closedNetwork: true,
  };
}

/** A plugin of the closed-network set. `files` are what it is made from. */
export async function closedNetworkPlugin(
  plugin: PluginVersion,
  settings: ToolchainSettings,
  report: Report,
): Promise<{ file: string; files: readonly string[] }> {
  const part = PLUGINS[plugin.name];
  if (part?.version !== plugin.version) {
    throw new Problem(
      `the closed-network set has ${part ? `${part.version} of` : "no"} plugin ${plugin.name}, and ` +
        `@pulumi/${plugin.name} in node_modules wants ${plugin.version}`,
      [
        {
          command: ["export", "COOPERBENCH_PLUGIN_ARCHIVES=FOLDER"],
          when: "with a folder of the official plugins' archives",
        },
        { advice: "change toolchain/versions.ts, with the contract that it stands for" },
      ],
    );
  }
  return goProgram(part, settings, report);
}
