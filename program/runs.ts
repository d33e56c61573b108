import type { PlannedRun } from "../benchmark/check-run.ts";
import { defaultAgent } from "../benchmark/judge-agent.ts";
import { fewPairs, readPairs } from "../benchmark/pairs.ts";
import { plannedSetting, runNames } from "../benchmark/plan.ts";
import { taskName } from "../benchmark/tasks.ts";
import { addressOf } from "../lib/redis-address.ts";
import type { Settings } from "./settings.ts";

/** Tasks of the smoke run: one pair each. */
const smokeTasks = 5;

/** What a stack's settings say of its runs. */
export function runsOf(settings: Settings) {
  const { model, subset, narrowed, tasks, coop, git, redisHost, redisPort } = settings;
  return {
    model,
    subset,
    onlyTasks: narrowed ? tasks.map(taskName) : undefined,
    services: coop ? { redis: addressOf({ host: redisHost, port: redisPort }), git } : undefined,
    smoke: fewPairs(tasks, readPairs(subset), smokeTasks),
  };
}

/**
 * What a run of the plan is to be; undefined for a run of another name. Where the stack has some of the subset's images,
 * which of their pairs it is to have is the user's; of the full set the benchmark has no list of pairs.
 */
export function plannedRun(settings: Settings, name: string): PlannedRun | undefined {
  const setting = plannedSetting(name);
  if (setting === undefined) return undefined;
  const { model, subset, narrowed, tasks } = settings;
  const run = { setting, model, agentFramework: defaultAgent };
  if (name === runNames.smoke) {
    const pairs = new Map(runsOf(settings).smoke.map((task) => [taskName(task), task.pairs] as const));
    return { ...run, pairs, isAll: true };
  }
  if (subset === "full") return { ...run, pairs: undefined, isAll: false };
  const all = readPairs(subset);
  const pairs = new Map(tasks.map((task) => [taskName(task), all.get(taskName(task)) ?? []] as const));
  return { ...run, pairs, isAll: !narrowed };
}
