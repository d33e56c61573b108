import { existsSync } from "node:fs";
import { blocker, type Finding } from "../preflight/finding.ts";
import { count } from "../preflight/units.ts";
import { rehearsalAt } from "../rehearsal/rehearsal.ts";
import { type Settings, SettingsError } from "../settings.ts";
import { check } from "./checks.ts";
import { defaultStack } from "./default-stack.ts";
import { countFindings, findingLines } from "./findings.ts";
import { type Found, openAsFound, projectDir } from "./session.ts";
import { readLockedSettings, readSettings } from "./stack-settings.ts";

/**
 * `./machine doctor [STACK] [--json]`: everything that the checks find, with remedies. Starts and changes nothing.
 * Gives 1 where something would stop an update.
 */
export async function doctor(named: string | undefined, asJson: boolean): Promise<number> {
  const stack = named ?? defaultStack(projectDir);
  const findings = await findingsOf(stack);
  const counts = countFindings(findings);
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ stack, findings, summary: counts }, null, 2)}\n`);
  } else {
    const inColour = process.stdout.isTTY && !process.env.NO_COLOR;
    const summary = `${counts.ok} ok, ${count(counts.warnings, "warning")}, ${count(counts.blockers, "blocker")}`;
    process.stdout.write(`${[...findingLines(findings, inColour), summary].join("\n")}\n`);
  }
  return counts.blockers === 0 ? 0 : 1;
}

async function findingsOf(stack: string): Promise<readonly Finding[]> {
  const found = openAsFound(stack);
  let settings: Settings;
  try {
    settings = settingsOf(found);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults.map(faultFinding);
    throw error;
  }
  return (await check(found, settings, true)).findings;
}

/** The settings, with the lock where it can be there: that of a rehearsal is made by its first start. */
function settingsOf({ stack, isRehearsal }: Found): Settings {
  const isLockMade = !isRehearsal || existsSync(rehearsalAt().imagesLock);
  return isLockMade ? readLockedSettings(projectDir, stack) : readSettings(projectDir, stack);
}

/** A fault of the settings has its remedy, a pulumi command, on its second line. */
function faultFinding(fault: string): Finding {
  const [found = "", mend = ""] = fault.split("\n").map((line) => line.trim());
  return blocker("settings", found, `./machine ${mend}`);
}
