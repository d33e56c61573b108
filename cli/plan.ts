import { resolve } from "node:path";
import { runPlan } from "../benchmark/plan.ts";
import { measureDisk } from "../checks/doctor/space.ts";
import { realPlace } from "../lib/place.ts";
import { runsOf } from "../program/runs.ts";
import type { StackCaller } from "./caller.ts";
import { openEngine } from "./engine.ts";
import { readSettings } from "./stack-settings.ts";

/** `./machine plan [STACK]`: the commands of the runs, with this machine's paths and numbers. Changes nothing. */
export async function plan(caller: StackCaller): Promise<number> {
  const { stack, projectDir, output } = caller;
  const settings = readSettings(caller);
  const { smoke, ...runs } = runsOf(settings);
  const { dockerHost, info } = await openEngine(caller);
  const text = runPlan({
    ...runs,
    stack,
    folder: realPlace(resolve(projectDir, settings.cooperbenchDir)),
    dockerHost,
    smokePairs: smoke.length,
    capacity: { cpus: info.NCPU, memoryBytes: info.MemTotal },
    freeBytes: (await measureDisk(dockerHost, info)).freeBytes,
  });
  output.print(text);
  return 0;
}
