import { blocker, type Finding, warning } from "../checks/finding.ts";
import { abortOnSignal } from "../lib/abort.ts";
import { machine } from "../lib/remedy.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import { type Settings, SettingsError } from "../program/settings.ts";
import { ownerOf } from "../program/stack-id.ts";
import type { StackCaller } from "./caller.ts";
import { lookWhose, lostId } from "./claim.ts";
import type { Given } from "./commands.ts";
import { countFindings, findingLines, firstFix, showCounts } from "./findings.ts";
import { printJson } from "./json.ts";
import { check } from "./preflight.ts";
import { secretsFinding } from "./secrets.ts";
import { type Found, openAsFound, readFoundSettings } from "./session.ts";
import { stackConfigurations } from "./stack-file.ts";
import { updateChecks, updateFacts } from "./update-findings.ts";
import { codeOf, conclude, type Verdict } from "./verdict.ts";

/**
 * `./machine doctor [STACK] [--json] [--live]`: everything that the checks find, with remedies. Changes nothing, and
 * starts nothing but one temporary container. Gives 1 where something would stop an update, or where the real call that was asked for has failed.
 */
export async function doctor({ json, live }: Given["doctor"], caller: StackCaller): Promise<number> {
  const { stack, output } = caller;
  const abort = abortOnSignal();
  const findings = await findingsOf(caller, live, abort);
  if (abort.aborted)
    return conclude(output, {
      outcome: "interrupted",
      text: "the container is removed",
      next: machine("doctor", stack),
    });
  const counts = countFindings(findings);
  const verdict: Verdict = {
    outcome: counts.blockers === 0 ? "done" : "notReady",
    text: `${counts.blockers === 0 ? "nothing is in the way of an update" : "an update would stop"}: ${showCounts(counts)}`,
    next: firstFix(findings.filter(({ level }) => level === "blocker")) ?? machine("up", stack),
  };
  if (json) {
    printJson(output, "doctor", { stack, checks: findings, summary: counts });
    return codeOf(verdict);
  }
  output.print(`${findingLines(findings, output.isInColour).join("\n")}\n`);
  return conclude(output, verdict);
}

async function findingsOf(
  caller: StackCaller,
  live: boolean,
  abort: AbortSignal,
): Promise<readonly Finding[]> {
  const found = openAsFound(caller);
  const { stack } = found;
  let settings: Settings;
  try {
    settings = await readFoundSettings(found);
  } catch (error) {
    if (error instanceof SettingsError)
      return error.faults.map(({ found, remedies }) => blocker("settings", found, remedies));
    throw error;
  }
  const [{ findings: whose, id }, secrets] = await Promise.all([lookWhoseIs(found), secretsFinding(found)]);
  // An update gives the settings the id that the state has, where they have lost theirs.
  if (id !== undefined) settings = { ...settings, stackId: id };
  // One after the other: what the checks cost is not to be in the time of the call.
  const { findings } = await check(found, settings, true, abort);
  return [
    ...whose,
    ...findings,
    secrets,
    ...updateChecks(stack, updateFacts(found)),
    ...sharedFindings(found, settings),
    ...(live ? [await liveFindingOf(found, settings)] : []),
  ];
}

/** What stands against an update from this folder: the stack is another's. An id that is lost it gives back. */
async function lookWhoseIs(found: Found): Promise<{ findings: readonly Finding[]; id?: string | undefined }> {
  // A backend that does not answer is for the update to tell.
  const verdict = await lookWhose(found, true).then(
    ({ verdict }) => verdict,
    () => undefined,
  );
  if (verdict === undefined) return { findings: [] };
  if (!verdict.ok) return { findings: [blocker("stack", verdict.found, verdict.remedies)] };
  const lost = lostId(found, verdict.id);
  return {
    findings: lost === undefined ? [] : [warning("stack", lost.found, lost.remedies)],
    id: verdict.id,
  };
}

/** Whether another stack of this project wants the same checkout. */
function sharedFindings({ stack, projectDir }: Found, settings: Settings): readonly Finding[] {
  const folder = checkoutFolder(projectDir, settings);
  const sharing = stackConfigurations(projectDir)
    .filter((one) => one.stack !== stack)
    .filter((one) => checkoutFolder(projectDir, one.configuration) === folder)
    .map((one) => one.stack);
  if (sharing.length === 0) return [];
  return [
    warning(
      "folders",
      `stack ${sharing.join(", ")} has the same cooperbenchDir, ${folder}: only one of them can be up at a time`,
      {
        ...machine("set", stack, "cooperbenchDir", `repos/${stack}/CooperBench`),
        when: "to have a folder of its own",
      },
    ),
  ];
}

async function liveFindingOf({ stack, projectDir }: Found, settings: Settings): Promise<Finding> {
  const { askLive } = await import("../checks/doctor/live.ts");
  const { modelApiBase, model } = settings;
  const checkout = checkoutFolder(projectDir, settings);
  return askLive({ owner: ownerOf(stack, settings), checkout, modelApiBase, model });
}
