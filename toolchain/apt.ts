/** Debian packages, for root on Debian or Ubuntu. */

import { environmentFor } from "../lib/environment.ts";
import { findOnPath } from "../lib/find-program.ts";
import { output, run } from "../lib/run.ts";
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
  const env = environmentFor("program", process.env, { DEBIAN_FRONTEND: "noninteractive" });
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  await step(report, `Debian package ${packages.join(", ")}: installing`, async () => {
    if ((await run(apt, install, { env })).code === 0) return;
    // A new machine has no package lists yet.
    await output(apt, ["update"], { env });
    await output(apt, install, { env });
  });
  return true;
}
