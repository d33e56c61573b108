/** The slow way to a toolchain: looks at everything, gets what is missing, and writes the record. */
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { findOnPath } from "../lib/find-program.ts";
import { choosePulumi } from "./pulumi.ts";
import { type FoundToolchain, saveRecord, withPath } from "./record.ts";
import type { Report } from "./steps.ts";
import type { Toolchain } from "./toolchain.ts";
import { readyUv } from "./uv.ts";
import type { ToolchainSettings } from "./variables.ts";

/** Makes the toolchain ready and records it in `recordFile`. */
export async function prepareToolchain(
  settings: ToolchainSettings,
  recordFile: string,
  report: Report,
): Promise<Toolchain> {
  const uv = await readyUv(settings, report);
  const pulumi = await choosePulumi(settings, report);
  const front = [dirname(pulumi.file), ...nodeFolder(settings), ...(uv.installed ? [dirname(uv.file)] : [])];
  const found: FoundToolchain = {
    pulumi: pulumi.file,
    front,
    env: { PULUMI_SKIP_UPDATE_CHECK: "true", ...pulumi.env },
    pieces: [
      ...pulumi.pieces,
      { name: "node", version: process.versions.node, from: process.execPath },
      uv.piece,
    ],
  };
  const packages = ["docker", "command", "pulumi"].map((name) =>
    join(settings.projectDir, "node_modules", "@pulumi", name, "package.json"),
  );
  saveRecord(recordFile, settings, found, {
    files: [pulumi.file, uv.file, process.execPath, ...packages, ...pulumi.files],
    closedNetwork: pulumi.closedNetwork,
  });
  return withPath(found, settings);
}

/** The folder of the Node that runs this, unless PATH's `node` is the same one. */
function nodeFolder(settings: ToolchainSettings): string[] {
  const onPath = findOnPath("node", settings.path);
  return onPath && realpathSync(onPath) === realpathSync(process.execPath) ? [] : [dirname(process.execPath)];
}
