import { join } from "node:path";
import type { LockedTask } from "../benchmark/images-lock.ts";
import { type PreflightResult, runPreflight } from "../checks/doctor/preflight.ts";
import type { Faulty, Finding } from "../checks/finding.ts";
import { cacheFolder } from "../lib/cache-folder.ts";
import { isOnly, machine } from "../lib/remedy.ts";
import { dataFolder } from "../lib/xdg.ts";
import type { Settings } from "../program/settings.ts";
import { wantedOf } from "../program/wanted.ts";
import { lookAt, type Wanted } from "../provision/look.ts";
import { variablesIn } from "../provision/steps/dotenv.ts";
import { noOutside, rehearsalPorts } from "../rehearsal/rehearsal.ts";
import { backendFolder, backendUrl } from "./backend.ts";
import { oneLine, problemOf } from "./findings.ts";
import { modelKey } from "./secrets.ts";
import { type Found, type Session, startedBy } from "./session.ts";

/**
 * Looks at the machine for a stack.
 *
 * @param abort takes the container away that asks where it is thorough.
 */
export async function check(
  found: Found,
  settings: Settings,
  thorough: boolean,
  abort?: AbortSignal,
): Promise<PreflightResult> {
  const { stack, engine, toolchain, rehearsal, isRehearsal, env, projectDir } = found;
  const wanted = wantedOf(stack, settings, projectDir, engine);
  const look = await lookAt({
    ...wanted,
    cohereApiKey: wanted.cohereApiKey ?? (await unwrittenKey(found, wanted)),
  });
  const ports = rehearsal && settings.coop ? await rehearsalPorts(rehearsal) : undefined;
  return runPreflight({
    look,
    env,
    settings,
    startedBy: startedBy(found),
    takenPorts: ports?.taken ?? [],
    projectDir,
    dataDir: dataFolder(env),
    stateDir: backendFolder(projectDir, backendUrl(env)),
    cacheDir: cacheFolder(env),
    toolchain,
    askTag,
    noOutside: isRehearsal ? noOutside : undefined,
    thorough,
    abort,
  });
}

/** The stack's key before its first update; afterwards it is in the `.env`. What cannot be read is for others to tell. */
async function unwrittenKey(found: Found, { folder, owner }: Wanted): Promise<string | undefined> {
  try {
    if (variablesIn(join(folder, ".env"), owner).COHERE_API_KEY !== undefined) return undefined;
  } catch {
    return undefined;
  }
  return modelKey(found);
}

/** Loaded where there is something to ask: the second update of a machine asks nothing. */
async function askTag(reference: string) {
  const [{ registryAt }, { dockerHub }, { parseReference }] = await Promise.all([
    import("../provision/registry/client.ts"),
    import("../provision/registry/endpoint.ts"),
    import("../lib/reference.ts"),
  ]);
  const { repository, tag = "latest" } = parseReference(reference);
  return registryAt(dockerHub).head(repository, tag);
}

function asWarning(finding: Faulty): Faulty {
  return { ...finding, level: "warning" };
}

/** What makes one step of an update fail, beside which all the rest succeeds. */
const ofOneStep = ["route", "files"];

/**
 * Looks at the machine before an update: warnings are told and do not stop it. Neither does what makes one step fail.
 *
 * @returns the tasks whose image is to be pulled.
 * @throws a Problem with every blocker.
 */
export async function checkBeforeUpdate(session: Session): Promise<readonly LockedTask[]> {
  const { findings: found, missing } = await check(session, session.settings, false);
  const findings = found.map((one) =>
    ofOneStep.includes(one.check) && one.level === "blocker" ? asWarning(one) : one,
  );
  // What this very update puts right is no news.
  const isMended = ({ remedies }: Finding) => isOnly(remedies, machine("up", session.stack));
  const warnings = findings.filter((finding) => finding.level === "warning" && !isMended(finding));
  for (const warning of warnings) session.output.note(`${oneLine(warning)}\n`);
  const blockers = findings.filter(({ level }) => level === "blocker");
  if (blockers.length > 0) throw problemOf("the machine is not ready, and nothing was changed", blockers);
  return missing;
}
