/** Debian packages, for root on Debian or Ubuntu. */
import { aptGet } from "../lib/apt.ts";
import { findOnPath } from "../lib/find-program.ts";
import { type Report, step } from "./steps.ts";
import type { ToolchainSettings } from "./variables.ts";

/** Installs packages and says so; false where this is no such system or the user may not. */
export async function installDebianPackages(
  packages: readonly string[],
  settings: Pick<ToolchainSettings, "path">,
  report: Report,
): Promise<boolean> {
  if (!findOnPath("apt-get", settings.path) || process.getuid?.() !== 0) return false;
  const install = ["install", "--yes", "--no-install-recommends", ...packages];
  await step(report, `Debian package ${packages.join(", ")}: installing`, async () => {
    try {
      await aptGet(install, report);
    } catch {
      // A new machine has no package lists yet.
      await aptGet(["update"], report);
      await aptGet(install, report);
    }
  });
  return true;
}
