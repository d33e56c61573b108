/** Debian packages, for root on Debian or Ubuntu. */

import { findOnPath } from "../lib/find-program.ts";
import { mustRun, run } from "./command.ts";
import type { ToolchainSettings } from "./settings.ts";
import { type Report, step } from "./steps.ts";

/** Installs packages and says so; false where this is no such system or the user may not. */
export async function installDebianPackages(
  packages: readonly string[],
  settings: Pick<ToolchainSettings, "path">,
  report: Report,
): Promise<boolean> {
  const apt = findOnPath("apt-get", settings.path);
  if (!apt || process.getuid?.() !== 0) return false;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  await step(report, `Debian package ${packages.join(", ")}: installing`, async () => {
    if ((await run(apt, install, { env })).code === 0) return;
    // A new machine has no package lists yet.
    await mustRun("apt-get update", apt, ["update"], { env });
    await mustRun("apt-get install", apt, install, { env });
  });
  return true;
}
