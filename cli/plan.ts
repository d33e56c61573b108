import { resolve } from "node:path";
import { addressOf } from "../engine/redis-ping.ts";
import { fewPairs, readPairs } from "../manifest/pairs.ts";
import { taskName } from "../manifest/tasks.ts";
import { runPlan } from "../runs/plan.ts";
import { assertEngine } from "./checks.ts";
import { defaultStack } from "./default-stack.ts";
import { openAsFound, projectDir } from "./session.ts";
import { readSettings } from "./stack-settings.ts";

/** `./machine plan [STACK]`: the commands of the runs, with this machine's paths and numbers. Changes nothing. */
export async function plan(named: string | undefined): Promise<number> {
  const stack = named ?? defaultStack(projectDir);
  const settings = readSettings(projectDir, stack);
  const { dockerHost, isRehearsal } = openAsFound(stack);
  const startedBy = isRehearsal ? `./machine up ${stack}` : undefined;
  const { info } = await assertEngine({ dockerHost, stack, startedBy });
  const text = runPlan({
    stack,
    folder: resolve(projectDir, settings.cooperbenchDir),
    dockerHost,
    subset: settings.subset,
    onlyTasks: settings.narrowed ? settings.tasks.map(taskName) : undefined,
    smokePairs: fewPairs(settings.tasks, readPairs(settings.subset), 5).length,
    services: settings.coop
      ? { redis: addressOf({ host: settings.redisHost, port: settings.redisPort }), git: settings.git }
      : undefined,
    cores: info.NCPU,
    memoryBytes: info.MemTotal,
  });
  process.stdout.write(text);
  return 0;
}
