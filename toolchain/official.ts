/** The official installation of Pulumi, by the Automation API, into the cache. */
import { join } from "node:path";
import { Problem } from "../lib/problem.ts";
import { unreachable } from "../lib/reach.ts";
import { cachedFolder } from "./cache.ts";
import { type Report, step } from "./steps.ts";
import type { ToolchainSettings } from "./variables.ts";
import { packageVersion } from "./versions.ts";

/** Where the official installation has its script and its archives. */
const OFFICIAL_PLACE = "https://get.pulumi.com";
const REACH_LIMIT_MS = 5_000;

/** Asks the official place for its install script, for five seconds at most. */
export async function canReachOfficial(
  place: string = OFFICIAL_PLACE,
  limitMs: number = REACH_LIMIT_MS,
): Promise<{ reached: boolean; said: string }> {
  const start = performance.now();
  const trouble = await unreachable(`${place}/install.sh`, limitMs);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const host = place.replace(/^https?:\/\//, "");
  const said =
    trouble === undefined
      ? `${host}: reached (${seconds} s)`
      : `${host}: not reached (${trouble}; ${seconds} s)`;
  return { reached: trouble === undefined, said };
}

/** Where the official CLI of the project's SDK version is in the cache. */
export function officialFolder(settings: ToolchainSettings): string {
  const version = packageVersion(settings.projectDir, "@pulumi/pulumi");
  return join(settings.cacheDir, `pulumi-official-${version}`);
}

/**
 * Installs it there.
 *
 * @throws a Problem with what the installation said last.
 */
export async function installOfficial(settings: ToolchainSettings, report: Report): Promise<void> {
  const version = packageVersion(settings.projectDir, "@pulumi/pulumi");
  await step(report, `pulumi ${version}: official installation`, async () => {
    await cachedFolder(officialFolder(settings), report, async (temporary) => {
      // Without a version this installs that of the SDK.
      const { PulumiCommand } = await import("@pulumi/pulumi/automation/index.js");
      await PulumiCommand.install({ root: temporary }).catch((error: Error) => {
        // A script that fails is shown with all that it printed, twice, and a stack.
        const [said = ""] = error.message.split(/\n err\?: /);
        const last = said.trim().split("\n").slice(-3).join("\n");
        throw new Problem(
          `the official installation of Pulumi ${version} failed: ${last}`,
          [{ advice: "run the command again" }, { advice: "install Pulumi by hand" }],
          { cause: error },
        );
      });
    });
  });
}
