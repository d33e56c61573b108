import { fewPairs, readPairs } from "../benchmark/pairs.ts";
import { isPlanned, runNames } from "../benchmark/plan.ts";
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
 * Pairs that a run of the plan is to do. Undefined for a run of another name, and where the plan does not say: for a
 * stack that has some of the subset's images, and for the full set.
 */
export function plannedPairs(settings: Settings, name: string): number | undefined {
  const { subset, narrowed } = settings;
  if (name === runNames.smoke) return runsOf(settings).smoke.length;
  if (!isPlanned(name) || narrowed || subset === "full") return undefined;
  return [...readPairs(subset).values()].flat().length;
}
