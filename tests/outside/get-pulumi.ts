import { spawn } from "node:child_process";
import { createReadStream, createWriteStream, existsSync, mkdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { closedNetworkCli, closedNetworkPlugin } from "../../toolchain/closed-network.ts";
import { readSettings } from "../../toolchain/variables.ts";
import { packageVersion, pluginVersions } from "../../toolchain/versions.ts";
import type { Site } from "./web.ts";

const report = () => {};

/**
 * get.pulumi.com, its files in a folder: under the names and versions of the official ones the closed-network set, since
 * those are not at hand, and an install.sh that is written anew.
 */
export async function getPulumi(folder: string, projectDir: string): Promise<Site> {
  const settings = readSettings(projectDir, process.env);
  const cli = await closedNetworkCli(settings, report);
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const version = packageVersion(projectDir, "@pulumi/pulumi");
  const sdk = join(folder, "releases", "sdk", `pulumi-v${version}-linux-${process.arch}.tar.gz`);
  await archive(sdk, dirname(cli.file), ["--transform", "s,^\\./,pulumi/,", "."]);
  for (const plugin of pluginVersions(projectDir)) {
    const { file } = await closedNetworkPlugin(plugin, settings, report);
    const name = `pulumi-resource-${plugin.name}-v${plugin.version}-linux-${arch}.tar.gz`;
    await archive(join(folder, "releases", "plugins", name), dirname(file), [basename(file)]);
  }
  return ({ method }, response, { pathname }) => {
    const file =
      pathname === "/install.sh" ? join(import.meta.dirname, "install.sh") : join(folder, pathname);
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-length": statSync(file).size });
    if (method === "HEAD") response.end();
    else createReadStream(file).pipe(response);
  };
}

/** Packs what is in a folder. It is not made smaller: that takes longer than to send it here. */
async function archive(file: string, from: string, what: readonly string[]): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const tar = spawn("tar", ["-C", from, "-c", ...what], { stdio: ["ignore", "pipe", "inherit"] });
  await pipeline(tar.stdout, createGzip({ level: 0 }), createWriteStream(file));
}
