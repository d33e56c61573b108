import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Environment } from "../lib/environment.ts";
import { realPlace } from "../lib/place.ts";
import { Problem } from "../lib/problem.ts";
import { machine, remedyText } from "../lib/remedy.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import { endRepair } from "../provision/repair.ts";
import type { Rehearsal } from "../rehearsal/rehearsal.ts";
import { type RehearsalUser, removeUser } from "../rehearsal/users.ts";
import type { StackCaller } from "./caller.ts";
import { userOf } from "./claim.ts";
import { ask, isAtTerminal } from "./confirm.ts";
import { clearPendingOperations, removeLeftovers, takeOver } from "./cut-off.ts";
import { enginesIn, forgetEngineOption, forgetGoneEngines } from "./engine-gone.ts";
import { failureLines } from "./failures.ts";
import { shortenHistory } from "./history.ts";
import { ownerIn } from "./identity.ts";
import { liveRun, runInTheWay } from "./live-runs.ts";
import { isPreview, operate, wantsHelp } from "./operation.ts";
import { concludePreview } from "./preview.ts";
import { forgetProofs } from "./proof-record.ts";
import { showPulumi } from "./pulumi.ts";
import { assertOptions } from "./pulumi-options.ts";
import { rehearsalOf, removeUnlessUsed } from "./rehearsal.ts";
import { liveUsers } from "./rehearsal-users.ts";
import { assertSecrets } from "./secrets.ts";
import { type Opened, openToolchain, openUnchecked } from "./session.ts";
import { resourcesOf } from "./stack-export.ts";
import { readConfiguration, settingsFile, stackConfigurations } from "./stack-file.ts";
import { readRecord } from "./stack-record.ts";
import { differencesDone, logLine, notBegun, offParts, pulumiFailed } from "./told.ts";
import { leaveRehearsals, usedBefore } from "./used-rehearsals.ts";
import { codeOf, conclude, type Verdict } from "./verdict.ts";
import { isWhole, sweepStack, wholeStackEnv } from "./whole-stack.ts";

/** How a command that destroys a stack goes on. */
export interface DestroyOptions {
  /** Whether the stack itself goes next, so that nothing is said of how it could. Default: false. */
  readonly goesOn?: boolean;
}

/**
 * `./machine destroy STACK`: removes what the stack made, and a rehearsal that no other stack uses. At a terminal it says
 * what goes and what stays, and asks. Whether anything is left, its state says, and not how Pulumi ended.
 */
export async function destroy(
  caller: StackCaller,
  given: readonly string[],
  { goesOn = false }: DestroyOptions = {},
): Promise<number> {
  const isForgotten = given.includes(forgetEngineOption);
  const { stack, projectDir, output } = caller;
  if (given.some((one) => /^--remove(=|$)/.test(one)))
    throw new Problem(
      "--remove is a command of its own, for when nothing of the stack is left. Nothing was changed.",
      machine("remove", stack),
    );
  if (wantsHelp(given)) return showPulumi(await openToolchain(caller), ["destroy", "--help"]);
  // Pulumi is given it once, whether it was asked here or there.
  const options = given.filter((one) => !["-y", "--yes", forgetEngineOption].includes(one));
  await assertOptions(caller, "destroy", options);
  const configuration = readConfiguration(caller);
  const rehearsal = rehearsalOf({ ...caller, configuration });
  const folder = checkoutFolder(projectDir, configuration);
  const plan = { ...caller, folder, isThere: existsSync(folder), rehearsal };
  const next = machine("status", stack);
  if (isAtTerminal() && !isPreview("destroy", given) && !isSaidYes(given)) {
    output.print(`${outlook(plan)}\n`);
    if (!(await ask(`Destroy stack ${stack}?`)))
      return conclude(output, { outcome: "unchanged", text: "nobody said yes", next });
  }
  const opened = await openUnchecked(await takeOver(caller));
  if (!isPreview("destroy", options)) {
    const run = await liveRun({ ...opened, owner: ownerIn(opened), folder });
    if (run !== undefined) throw runInTheWay(run, "would lose it", machine("destroy", stack));
  }
  await removeLeftovers(opened);
  const cutOff = await clearPendingOperations(opened);
  const resources = await resourcesOf(opened.pulumi, stack).catch(async (error) => {
    await assertSecrets(opened); // which Pulumi tells without what helps
    throw error;
  });
  if (isWhole(options)) await forgetGoneEngines(opened, resources, isForgotten);
  const user = userOf(opened);
  const before = usedBefore({ user, configuration, rehearsal, hosts: enginesIn(resources) });
  const { coop, oracleTasks } = configuration;
  const operation = await operate(opened, "destroy", {
    ...{ ...noImages, off: offParts({ coop: String(coop) === "true", oracleTasks: Number(oracleTasks) }) },
    ...{ args: [...(isPreview("destroy", options) ? [] : flags), "--stack", stack], options },
    more: isWhole(options) ? wholeStackEnv(opened) : {},
  });
  const { code, course, isInterrupted } = operation;
  shortenHistory(opened);
  if (course.isPreview)
    return concludePreview(opened, operation, noImages, options, machine("destroy", stack));
  if (code !== 0) await assertSecrets(opened);
  if (code === 0 && isWhole(options)) await sweepStack(opened);
  // What is on the engine, the state alone knows.
  const left = cutOff.filter((name) => name.startsWith("coop-"));
  if (left.length > 0)
    output.say(
      `${left.join(", ")} may still be there: an update was cut off while it made them.\n${remedyText({ ...machine("up", stack), when: `to remove them, before ./machine destroy ${stack}` })}`,
    );
  const lines = [
    ...differencesDone(operation, noImages),
    ...failureLines([], course.failed),
    ...(course.failed.size === 0 ? pulumiFailed(operation) : []),
  ];
  output.print(lines.map((line) => `${line}\n`).join("") + logLine(operation));
  const again = machine("destroy", stack);
  if (code !== 0 && !course.hasBegun)
    return conclude(output, { outcome: "unchanged", text: notBegun(operation), next: again });
  const record = await readRecord({ ...opened, state: undefined });
  if (record.kind === "made") {
    if (isInterrupted)
      return conclude(output, { outcome: "interrupted", text: "something is left", next: again });
    if (code === 0) return conclude(output, { outcome: "done", text: "what you did not name stays", next });
    return conclude(output, { outcome: "failed", text: "something is left", next: again });
  }

  forgetProofs(opened);
  endRepair(ownerIn(opened), undefined, opened.env);
  let isDown = false;
  if (rehearsal !== undefined) {
    removeUser(rehearsal.dir, user);
    isDown = (await othersOfProject(opened, rehearsal, caller.env))
      ? false
      : await removeUnlessUsed(rehearsal, output);
  }
  leaveRehearsals(before, user, output);
  output.print(`${outcome(plan, isDown, goesOn)}\n`);
  const verdict: Verdict = {
    outcome: code === 0 ? "done" : "failed",
    text: `stack ${stack} has nothing left on this machine; its settings stay`,
    next: machine("remove", stack),
  };
  return goesOn ? codeOf(verdict) : conclude(output, verdict);
}

const flags = ["--yes", "--skip-preview", "--suppress-outputs"];
const noImages = { tasks: [], missing: [] };

interface Plan {
  readonly stack: string;
  readonly projectDir: string;
  /** Folder of the checkout. */
  readonly folder: string;
  /** Whether it was there before. */
  readonly isThere: boolean;
  readonly rehearsal: Rehearsal | undefined;
}

const isSaidYes = (options: readonly string[]) => options.some((one) => /^(-y|--yes(=true)?)$/.test(one));

/** What goes and what stays, before it is done. */
export function outlook(
  { stack, projectDir, folder, rehearsal }: Omit<Plan, "isThere">,
  { goesOn = false }: DestroyOptions = {},
): string {
  const isOther = (user: RehearsalUser) => user.stack !== stack || user.projectDir !== realPlace(projectDir);
  const others = rehearsal === undefined ? [] : liveUsers(rehearsal).filter(isOther);
  const goes = [
    `what stack ${stack} made in ${folder}: the checkout if it holds nothing of yours, its environment, the lines in .env`,
    "the services that it made",
    ...(rehearsal !== undefined && others.length === 0
      ? [`the rehearsal in ${rehearsal.dir}, with its engine and images, unless another stack uses it`]
      : []),
  ];
  const stays = [
    ...(rehearsal === undefined || others.length > 0 ? ["the images on the engine"] : []),
    "what you made",
    ...(goesOn ? [] : [basename(settingsFile(projectDir, stack))]),
  ];
  return [...goes.map((line) => `goes:  ${line}`), ...stays.map((line) => `stays: ${line}`)].join("\n");
}

/** What is gone and what is left, after it is done. */
function outcome(
  { stack, projectDir, folder, isThere, rehearsal }: Plan,
  isDown: boolean,
  goesOn: boolean,
): string {
  const removed = [
    ...(isThere && !existsSync(folder) ? [folder] : []),
    ...(isDown && rehearsal !== undefined ? [rehearsal.dir] : []),
  ];
  const left = [
    ...(existsSync(folder) ? [`${folder} (see above why)`] : []),
    ...(isDown ? [] : ["the images on the engine"]),
    ...(goesOn ? [] : [basename(settingsFile(projectDir, stack))]),
  ];
  return [
    ...(removed.length > 0 ? [`Removed: ${removed.join(", ")}`] : []),
    ...(left.length > 0 ? [`Left: ${left.join(", ")}`] : []),
  ].join("\n");
}

/** Whether another stack of this project still has something in the rehearsal: an older one is noted nowhere. */
async function othersOfProject(opened: Opened, rehearsal: Rehearsal, env: Environment): Promise<boolean> {
  const others = stackConfigurations(opened.projectDir).filter(
    ({ stack, configuration }) =>
      stack !== opened.stack && rehearsalOf({ configuration, env })?.dir === rehearsal.dir,
  );
  for (const other of others) {
    const { kind } = await readRecord({ ...opened, stack: other.stack, state: undefined });
    if (kind !== "made") continue;
    opened.output.say(`the rehearsal in ${rehearsal.dir} stays up: stack ${other.stack} uses it`);
    return true;
  }
  return false;
}
