import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  isPlanned,
  type PlanFacts,
  type PlannedName,
  runArguments,
  runNames,
  runProgram,
  selections,
} from "../benchmark/plan.ts";
import { readTasks, taskName } from "../benchmark/tasks.ts";
import { decidingOnes, differences } from "../checks/status/machine-file.ts";
import type { MachineStatus } from "../checks/status/status.ts";
import { type Environment, environmentFor } from "../lib/environment.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { shellWord } from "../lib/shell-word.ts";
import { didYouMean } from "../lib/similar.ts";
import type { Caller, StackCaller } from "./caller.ts";
import type { Given } from "./commands.ts";
import { problemOf } from "./findings.ts";
import { asOnlyRun, assertNotGoing } from "./live-runs.ts";
import { machineOf, readMachineOf, told, writeMachineOf } from "./machine-of-run.ts";
import { runHere } from "./on-terminal.ts";
import { planFacts } from "./plan.ts";
import { openAsFound } from "./session.ts";
import { inTheWay, lookAtStack } from "./status.ts";

/**
 * `./machine run STACK -n NAME [--setting …] [-r REPOSITORY [-t TASK]]`: starts a run of the plan on this terminal, and
 * writes first what it runs on. Gives the run's exit code.
 *
 * @throws a Problem where the machine is not ready, the run goes on, or its folder is of another machine.
 */
export async function run(options: Given["run"], given: Caller): Promise<number> {
  const caller = { ...given, stack: options.stack };
  const { name, repo, task } = options;
  const narrowed = [...(repo ? ["-r", repo] : []), ...(task ? ["-t", task] : [])];
  const which = plannedRun(options);
  const facts = await planFacts(caller);
  assertPlanned(options, which, facts);
  const { folder } = facts;
  const place = { stack: options.stack, name, folder };
  await assertNotGoing(place);
  const env = environmentFor("planned-run", openAsFound(caller).env);
  const status = await lookReady(caller, env);
  const args = runArguments(facts, which, name, narrowed);
  const logs = join(folder, "logs");
  const of = join(logs, name);
  const now = machineOf(caller, status, { setting: which, arguments: [...args] });
  mkdirSync(logs, { recursive: true });
  return asOnlyRun(place, async () => {
    if (existsSync(of)) assertSame(of, now, caller);
    else writeMachineOf(of, now, join(folder, ".env"));
    caller.output.note(`${[runProgram, ...args].map(shellWord).join(" ")}\n`);
    return runHere(join(folder, runProgram), args, { cwd: folder, env });
  });
}

const otherName = { advice: "give the run another name: -n NAME" };

/** Looks at the machine as a run with these variables has it. @throws a Problem where it is not ready for one. */
export async function lookReady(caller: StackCaller, env: Environment): Promise<MachineStatus> {
  const status = await lookAtStack(caller, env);
  const blockers = inTheWay(status);
  if (blockers.length === 0) return status;
  // What of this shell does not reach the run is in the way of the update that would help: that is told instead.
  const ofShell = inTheWay(await lookAtStack(caller));
  const told = blockers.map((one) => ofShell.find(({ check }) => check === one.check) ?? one);
  throw problemOf("the machine is not ready for a run, so none was started", told);
}

/** Which run of the plan is asked for. @throws a Problem where it is none, or where its name is another's. */
export function plannedRun({ name, setting }: Pick<Given["run"], "name" | "setting">): PlannedName {
  const which = setting ?? (isPlanned(name) ? name : runNames.solo);
  if (!isPlanned(which))
    throw new Problem(`the plan has no run named ${which}`, {
      advice: `name one of these: --setting ${Object.values(runNames).join(", ")}`,
    });
  if (isPlanned(name) && which !== name)
    throw new Problem(
      `a run named ${name} is checked against the plan's run ${name}, but --setting says ${which}`,
      otherName,
    );
  return which;
}

/** @throws a Problem where the benchmark does not have what a run is narrowed to. */
export function assertThere({ repo, task }: Pick<Given["run"], "repo" | "task">, subset: string): void {
  if (repo === undefined) return;
  const there = readTasks().filter(({ subsets }) => subsets.some((one) => one === subset));
  const known = task === undefined ? there.map((one) => one.repo) : there.map(taskName);
  const chosen = task === undefined ? repo : `${repo}/${task}`;
  if (known.includes(chosen)) return;
  throw new Problem(`subset ${subset} has no ${chosen}${didYouMean(chosen, known)}, so no run was started`, {
    advice: "name a repository of the subset, or a task of it",
  });
}

/** @throws a Problem where the stack does not have what the run needs. */
function assertPlanned(
  { stack, name, repo, task }: Given["run"],
  which: PlannedName,
  facts: PlanFacts,
): void {
  const { onlyTasks, services } = facts;
  assertThere({ repo, task }, facts.subset);
  if (needsRedis(which) && services === undefined)
    throw new Problem("agents that exchange messages need a Redis, and the stack has none", {
      ...machine("set", stack, "coop", "true"),
      when: `before ./machine up ${stack}`,
    });
  if (onlyTasks === undefined || which === runNames.smoke) return;
  const chosen = task === undefined ? `${repo}/` : `${repo}/${task}`;
  const parts = selections(facts);
  const isWhole = parts.some((part) => part.length === 2 && part[1] === repo);
  if (task === undefined ? isWhole : onlyTasks.includes(chosen)) return;
  throw new Problem(
    `the stack has the images of only these tasks: ${onlyTasks.join(", ")}; ${repo === undefined ? "a run of the subset needs them all" : `the run is of ${chosen}`}`,
    { ...machine("run", stack, "-n", name, ...(parts[0] ?? [])), when: "to run a part that it has" },
  );
}

function needsRedis(which: PlannedName): boolean {
  return which === runNames.coop;
}

/** @throws a Problem where a run that is there was started on another machine, or by a command that is not known. */
function assertSame(folder: string, now: ReturnType<typeof machineOf>, { stack }: StackCaller): void {
  const found = readMachineOf(folder);
  if (typeof found === "string") {
    const why = found === "none" ? "has no machine.json" : "has a machine.json that cannot be read";
    throw new Problem(`${folder} exists, and ${why}: what that run was started on is not known`, otherName);
  }
  if (found.run.setting !== now.run.setting)
    throw new Problem(
      `${folder} belongs to a ${found.run.setting} run, and this is a ${now.run.setting} run`,
      otherName,
    );
  const changed = decidingOnes(differences(found, now));
  if (changed.length === 0) return;
  const shown = changed.slice(0, 5).map((one) => `  ${told(one)}`);
  throw new Problem(
    `${folder} belongs to a machine that differs from this one as it is now (./machine plan ${stack} --check lists everything):\n${shown.join("\n")}`,
    otherName,
  );
}
