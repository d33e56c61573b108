import { existsSync } from "node:fs";
import { join } from "node:path";
import prettyMilliseconds from "pretty-ms";
import type { Task } from "../benchmark/tasks.ts";
import type { StatusCheck } from "../checks/status/checks.ts";
import { type Dataset, type MachineStatus, machineStatus } from "../checks/status/status.ts";
import type { Environment } from "../lib/environment.ts";
import { machine } from "../lib/remedy.ts";
import { wantedOf } from "../program/wanted.ts";
import { lookAt } from "../provision/look.ts";
import { changedSources } from "../provision/steps/checkout/changed-sources.ts";
import { versionOfRunner } from "../provision/steps/runner-version.ts";
import { datasetHash, datasetShape, runnerId, taskFolder } from "../provision/steps/task-dataset.ts";
import type { StackCaller } from "./caller.ts";
import { lookWhose, lostId } from "./claim.ts";
import { countFindings, findingLines, showCounts } from "./findings.ts";
import { printJson } from "./json.ts";
import { readProofRecord } from "./proof-record.ts";
import { secretsFinding } from "./secrets.ts";
import { openAsFound, readFoundSettings, startedBy } from "./session.ts";
import { readState, withUnderway } from "./state.ts";
import { codeOf, conclude, readiness, type Verdict } from "./verdict.ts";

/**
 * `./machine status [STACK] [--json]`: what was proved of the machine, when, and whether it is still so. Proves and
 * changes nothing. Gives 1 where something stands in the way of a run.
 */
export async function status(caller: StackCaller, json: boolean): Promise<number> {
  const { output } = caller;
  const status = await lookAtStack(caller);
  const verdict = verdictOf(status);
  if (json) {
    printJson(output, "status", status);
    return codeOf(verdict);
  }
  output.print(show(status, output.isInColour));
  return conclude(output, verdict);
}

/**
 * Looks at the machine of a stack. Throws where a setting is wrong.
 *
 * @param environment variables that a run would have. Default: this process's.
 */
export async function lookAtStack(caller: StackCaller, environment?: Environment): Promise<MachineStatus> {
  const found = openAsFound(caller);
  // Pulumi is the slowest to answer, so it is asked first.
  const reading = readState(found);
  reading.catch(() => {}); // It is of no account where something else fails before.
  const settings = await readFoundSettings(found);
  const { stack, projectDir, configuration, isRehearsal, toolchain } = found;
  // A backend that does not answer is told by what is asked of it next.
  const whose = await lookWhose(found, false).catch(() => undefined);
  const refusal = whose?.verdict.ok === false ? whose.verdict : undefined;
  const isForeign = refusal !== undefined && whose?.record.kind !== "absent";
  const id = whose?.verdict.ok ? whose.verdict.id : undefined;
  // An update gives the settings the id that the state has, where they have lost theirs.
  const owned = id === undefined ? settings : { ...settings, stackId: id };
  const wanted = wantedOf(stack, owned, projectDir, found.engine);
  const [look, changed, secrets, state] = await Promise.all([
    lookAt(wanted, undefined, environment),
    existsSync(wanted.folder) ? changedSources(wanted.folder) : [],
    secretsFinding(found, false),
    isForeign ? undefined : reading,
  ]);
  return machineStatus({
    look,
    isRehearsal,
    startedBy: startedBy(found),
    settings,
    configuration,
    projectDir,
    pieces: toolchain?.pieces ?? [],
    refusal,
    lostId: lostId(found, id),
    secrets: secrets.level === "ok" ? undefined : secrets,
    dataset: datasetIn(wanted.folder, settings.tasks),
    changedSources: changed,
    state:
      state === undefined
        ? { proofs: new Map(), isForeign }
        : { ...withUnderway(state, found), recorded: readProofRecord(found) },
  });
}

/** What a checkout has of the dataset; undefined where it cannot be read, or is not there. */
function datasetIn(folder: string, tasks: readonly Task[]): Dataset | undefined {
  if (!existsSync(join(folder, "dataset"))) return undefined;
  const hashOf = (task: Task, feature: number) => datasetHash(taskFolder(folder, task), feature);
  const runnerOf = (task: Task) => runnerId(taskFolder(folder, task));
  const versionOf = (task: Task, runner: string) => versionOfRunner(folder, taskFolder(folder, task), runner);
  return { shape: datasetShape(folder, tasks), hashOf, runnerOf, versionOf };
}

/** The checks of what was proved, and of how the last update ended. */
export const ofProofs: readonly string[] = [
  "images",
  "runners",
  "cooperbench",
  "route",
  "services",
  "oracle",
  "update",
];

/** What is in the way of a run. */
export function inTheWay({ checks }: Pick<MachineStatus, "checks">): readonly StatusCheck[] {
  return checks.filter(({ level }) => level === "blocker");
}

/** What a status comes to. */
export function verdictOf({ stack, isReady, isRehearsal, checks }: MachineStatus): Verdict {
  // An update that runs, or a state that cannot be read, is in the way of another one.
  const update = checks.find(({ check, level }) => check === "update" && level === "blocker");
  const [first] = update?.remedies ?? [];
  const mend = first !== undefined && "command" in first ? first : machine("up", stack);
  return {
    outcome: readiness(isReady, isRehearsal),
    text: showCounts(countFindings(checks)),
    next: isReady ? machine("plan", stack) : mend,
  };
}

function show({ stack, at, isRehearsal, checks }: MachineStatus, isInColour: boolean): string {
  const kind = isRehearsal ? " (a rehearsal: stand-in images, no model key)" : "";
  const lines = [
    `stack ${stack}${kind}, looked at ${at}`,
    ...findingLines(
      checks.map((check) => ({ ...check, note: noteOf(check, at) })),
      isInColour,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** How long ago something was proved. */
function noteOf({ provedAt, check }: StatusCheck, at: string): string | undefined {
  if (provedAt === undefined) return undefined;
  const age = Math.max(0, Date.parse(at) - Date.parse(provedAt));
  const ago = age < 1000 ? "just now" : `${prettyMilliseconds(age, { unitCount: 1, verbose: true })} ago`;
  return check === "update" ? ago : `proved ${ago}`;
}
