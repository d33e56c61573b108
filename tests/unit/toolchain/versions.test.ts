import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isAtLeast } from "../../../lib/version.ts";
import { wantedGo } from "../../../toolchain/go.ts";
import {
  CLOSED_NETWORK_PLUGINS,
  GO_VERSION,
  PULUMI_MINIMUM,
  PULUMI_VERSION,
  packageVersion,
  pluginVersions,
} from "../../../toolchain/versions.ts";

const project = join(import.meta.dirname, "..", "..", "..");
const closedNetwork = join(project, "toolchain", "closed-network");
const source = (...path: string[]) => readFileSync(join(closedNetwork, ...path), "utf8");

describe("the pinned versions agree with each other", () => {
  test("the CLI's Go module is locked at the version that it is built as", () => {
    expect(source("core", "go.mod")).toContain(`github.com/pulumi/pulumi/pkg/v3 v${PULUMI_VERSION}\n`);
    expect(isAtLeast(PULUMI_VERSION, PULUMI_MINIMUM)).toBe(true);
  });

  test.each([
    ["core", "command"],
    ["docker", "docker"],
  ])("module %s: the %s plugin reports the version that it stands for", (module, plugin) => {
    const main = source(module, `pulumi-resource-${plugin}`, "main.go");
    expect(main).toContain(`const version = "${CLOSED_NETWORK_PLUGINS[plugin]}"`);
  });

  test("the project's packages want the plugins that the closed-network set has", () => {
    const wanted = Object.fromEntries(pluginVersions(project).map(({ name, version }) => [name, version]));
    expect(wanted).toEqual(CLOSED_NETWORK_PLUGINS);
  });

  test("the Go that would be installed builds both modules", () => {
    for (const module of ["core", "docker"]) {
      expect(isAtLeast(GO_VERSION, wantedGo(source(module, "go.mod")))).toBe(true);
    }
  });
});

test("a package that is not installed is named, with the command that installs it", () => {
  expect(() => packageVersion(project, "@pulumi/none")).toThrow(
    /@pulumi\/none is not installed .*\nFix: npm ci$/,
  );
});
