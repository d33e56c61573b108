import { isAtLeast } from "../../lib/version.ts";
import type { Piece } from "../../toolchain/toolchain.ts";
import { type PluginVersion, PULUMI_MINIMUM } from "../../toolchain/versions.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";

/**
 * Whether Pulumi and its plugins are of the versions that the program needs.
 *
 * @param pieces of the toolchain that is ready; undefined where there is none yet.
 * @param plugins that the project's packages need.
 */
export function pulumiFinding(
  pieces: readonly Piece[] | undefined,
  plugins: readonly PluginVersion[],
): Finding {
  if (pieces === undefined) return ok("pulumi", "not there yet: the first ./machine up finds or gets it");
  const versionOf = (name: string) => pieces.find((piece) => piece.name === name)?.version ?? "none";
  const used = pieces
    .filter(({ name }) => name === "pulumi" || name.startsWith("plugin "))
    .map(({ name, version, from }) => `${name} ${version} (${from})`)
    .join(", ");
  const cli = versionOf("pulumi");
  if (!isAtLeast(cli, PULUMI_MINIMUM)) {
    return blocker("pulumi", `Pulumi is ${cli}, older than ${PULUMI_MINIMUM}`, [
      { advice: "update it (https://www.pulumi.com/docs/install)" },
      { advice: "take it off PATH: ./machine then gets its own" },
    ]);
  }
  const others = plugins.filter(({ name, version }) => versionOf(`plugin ${name}`) !== version);
  if (others.length > 0) {
    const wants = others.map(({ name, version }) => `plugin ${name} ${version}`).join(", ");
    return warning("pulumi", `${used}, but the project's packages need ${wants}`, {
      command: ["npm", "ci"],
    });
  }
  return ok("pulumi", used);
}
