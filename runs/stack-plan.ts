import { addressOf } from "../engine/redis-ping.ts";
import { fewPairs, readPairs } from "../manifest/pairs.ts";
import { taskName } from "../manifest/tasks.ts";
import type { Settings } from "../settings.ts";

/** Tasks of the smoke run: one pair each. */
const smokeTasks = 5;

/** What a stack's settings say of its runs. */
export function runsOf(settings: Settings) {
  const { subset, narrowed, tasks, coop, git, redisHost, redisPort } = settings;
  return {
    subset,
    onlyTasks: narrowed ? tasks.map(taskName) : undefined,
    services: coop ? { redis: addressOf({ host: redisHost, port: redisPort }), git } : undefined,
    smoke: fewPairs(tasks, readPairs(subset), smokeTasks),
  };
}
