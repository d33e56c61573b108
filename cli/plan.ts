import { capacityOf } from "../benchmark/capacity.ts";
import { type PlanFacts, runPlan } from "../benchmark/plan.ts";
import { measureDisk } from "../checks/doctor/space.ts";
import { oddities } from "../checks/status/images.ts";
import type { MachineStatus } from "../checks/status/status.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import { runsOf } from "../program/runs.ts";
import type { Settings } from "../program/settings.ts";
import type { StackCaller } from "./caller.ts";
import { openEngine } from "./engine.ts";
import { oneLine } from "./findings.ts";
import { printJson } from "./json.ts";
import { estimateLines, estimatePlan } from "./plan-estimate.ts";
import { openAsFound, readFoundSettings } from "./session.ts";
import { inTheWay, lookAtStack, ofProofs } from "./status.ts";

/**
 * `./machine plan [STACK] [--json]`: what is in the way of a run, what the runs take, and their commands, with this machine's
 * paths and numbers. Changes nothing.
 */
export async function plan(caller: StackCaller, json: boolean): Promise<number> {
  const { output } = caller;
  const { facts, settings } = await planned(caller);
  const status = await lookAtStack(caller);
  const estimated = estimatePlan(facts, settings, status);
  if (json) {
    const { stack, folder, dockerHost, model, subset, onlyTasks } = facts;
    printJson(output, "plan", {
      ...{ stack, isReady: status.isReady, inTheWay: inTheWay(status) },
      ...{ folder, dockerHost, model, subset, onlyTasks, ...estimated },
    });
  } else {
    const engine = status.isRehearsal ? ", a rehearsal: stand-in images, no model key" : "";
    const title = `# What the runs take (stack ${facts.stack}, model ${facts.model}${engine})`;
    output.print(`${notices(status)}${title}\n\n${estimateLines(estimated).join("\n")}\n\n${runPlan(facts)}`);
  }
  return 0;
}

/** What a plan should say before its commands: what is in the way of a run, and which proof is old or failed. */
function notices({ stack, checks, isReady, images }: MachineStatus): string {
  const told = checks.filter(
    ({ level, check }) => level === "blocker" || (level === "warning" && ofProofs.includes(check)),
  );
  const title = isReady ? "Before a run" : "NOT READY for a run";
  return (
    section(`${title} (stack ${stack})`, told.map(oneLine)) +
    section("Odd in the images, and the same on every machine", oddities(images))
  );
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `# ${title}\n\n${lines.map((line) => `- ${line}\n`).join("")}\n`;
}

/** What a plan is made from, of the machine as it is. @throws a Problem where the engine does not answer. */
export async function planFacts(caller: StackCaller): Promise<PlanFacts> {
  return (await planned(caller)).facts;
}

async function planned(
  caller: StackCaller,
): Promise<{ readonly facts: PlanFacts; readonly settings: Settings }> {
  const { stack, projectDir } = caller;
  const settings = await readFoundSettings(openAsFound(caller));
  const { smoke, ...runs } = runsOf(settings);
  const { dockerHost, info } = await openEngine(caller);
  const facts = {
    ...runs,
    stack,
    folder: checkoutFolder(projectDir, settings),
    dockerHost,
    smokePairs: smoke.length,
    capacity: capacityOf(info),
    freeBytes: (await measureDisk(dockerHost, info)).freeBytes,
  };
  return { facts, settings };
}
