import { resolve } from "node:path";
import { runPlan } from "../benchmark/plan.ts";
import { measureDisk } from "../checks/doctor/space.ts";
import { realPlace } from "../lib/place.ts";
import { runsOf } from "../program/runs.ts";
import { openEngine } from "./checks.ts";
import { defaultStack } from "./default-stack.ts";
import { projectDir } from "./session.ts";
import { readSettings } from "./stack-settings.ts";

/** `./machine plan [STACK]`: the commands of the runs, with this machine's paths and numbers. Changes nothing. */
export async function plan(named: string | undefined): Promise<number> {
  const stack = named ?? defaultStack(projectDir);
  const settings = readSettings(projectDir, stack);
  const { smoke, ...runs } = runsOf(settings);
  const { dockerHost, info } = await openEngine(stack);
  const text = runPlan({
    ...runs,
    stack,
    folder: realPlace(resolve(projectDir, settings.cooperbenchDir)),
    dockerHost,
    smokePairs: smoke.length,
    capacity: { cpus: info.NCPU, memoryBytes: info.MemTotal },
    freeBytes: (await measureDisk(dockerHost, info)).freeBytes,
  });
  process.stdout.write(text);
  return 0;
}
