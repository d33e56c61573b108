import { capacityOf } from "../benchmark/capacity.ts";
import { type PlanFacts, runPlan } from "../benchmark/plan.ts";
import { measureDisk } from "../checks/doctor/space.ts";
import { oddities } from "../checks/status/images.ts";
import type { MachineStatus } from "../checks/status/status.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import { runsOf } from "../program/runs.ts";
import type { StackCaller } from "./caller.ts";
import { openEngine } from "./engine.ts";
import { oneLine } from "./findings.ts";
import { openAsFound, readFoundSettings } from "./session.ts";
import { lookAtStack, ofProofs } from "./status.ts";

/**
 * `./machine plan [STACK]`: the commands of the runs, with this machine's paths and numbers; what is in the way of a run
 * first. Changes nothing.
 */
export async function plan(caller: StackCaller): Promise<number> {
  const facts = await planFacts(caller);
  const status = await lookAtStack(caller);
  caller.output.print(notices(status) + runPlan(facts));
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
  const { stack, projectDir } = caller;
  const settings = await readFoundSettings(openAsFound(caller));
  const { smoke, ...runs } = runsOf(settings);
  const { dockerHost, info } = await openEngine(caller);
  return {
    ...runs,
    stack,
    folder: checkoutFolder(projectDir, settings),
    dockerHost,
    smokePairs: smoke.length,
    capacity: capacityOf(info),
    freeBytes: (await measureDisk(dockerHost, info)).freeBytes,
  };
}
