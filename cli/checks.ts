import { resolve } from "node:path";
import type { Finding } from "../preflight/finding.ts";
import { type PreflightResult, runPreflight } from "../preflight/preflight.ts";
import { Problem } from "../provision/problem.ts";
import type { Settings } from "../settings.ts";
import { dataDir } from "./backend.ts";
import { findingLines, oneLine } from "./findings.ts";
import { type Found, projectDir, type Session } from "./session.ts";

/** Looks at the machine for a stack. */
export function check(found: Found, settings: Settings, thorough: boolean): Promise<PreflightResult> {
  const { stack, dockerHost, isRehearsal, toolchain } = found;
  return runPreflight({
    stack,
    settings,
    dockerHost,
    startedBy: isRehearsal ? `./machine up ${stack}` : undefined,
    projectDir,
    checkout: resolve(projectDir, settings.cooperbenchDir),
    dataDir: dataDir(),
    toolchain,
    thorough,
  });
}

/**
 * Looks at the machine before an update: warnings are told and do not stop it.
 *
 * @returns the image references that the engine has.
 * @throws a Problem with every blocker.
 */
export async function checkBeforeUpdate(session: Session): Promise<ReadonlySet<string>> {
  const { findings, images } = await check(session, session.settings, false);
  const warnings = findings.filter(({ level }) => level === "warning");
  for (const warning of warnings) process.stderr.write(`${oneLine(warning)}\n`);
  const blockers = findings.filter(({ level }) => level === "blocker");
  if (blockers.length > 0) throw new Problem(told(blockers));
  return images;
}

function told(blockers: readonly Finding[]): string {
  const lines = findingLines(blockers, false).map((line) => `  ${line}`);
  return `the machine is not ready, and nothing was changed:\n${lines.join("\n")}`;
}
