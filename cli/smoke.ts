import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { memoryLimitBytes, oraclesAtOnce } from "../benchmark/capacity.ts";
import { spreadTasks, type Task, taskKey, taskName } from "../benchmark/tasks.ts";
import { abortOnSignal } from "../lib/abort.ts";
import { realPlace } from "../lib/place.ts";
import { Problem } from "../lib/problem.ts";
import { runOracle } from "../provision/steps/oracle.ts";
import { featuresOf, taskFolder } from "../provision/steps/task-dataset.ts";
import type { StackCaller } from "./caller.ts";
import { removeLeftovers } from "./cut-off.ts";
import { openEngine } from "./engine.ts";
import { identityOf } from "./identity.ts";
import type { Found } from "./session.ts";
import type { Features, SmokeOptions } from "./smoke-options.ts";
import { isPassed, type Smoked, smokeJunit, smokeTable, unrun } from "./smoke-report.ts";
import { someAtOnce } from "./some-at-once.ts";
import { readLockedSettings } from "./stack-settings.ts";
import { assertFile, writeFor } from "./write-out.ts";

/**
 * `./machine smoke [STACK] …`: runs the dataset's gold patches and tests in the images that are there, without a
 * model. Gives 0 only where each gold patch passes, each of its tests fails without it, and each runner is the
 * dataset's. Changes nothing.
 */
export async function smoke(options: SmokeOptions, caller: StackCaller): Promise<number> {
  const { stack, projectDir, output } = caller;
  const engine = await openEngine(caller);
  const { dockerHost, info } = engine;
  await removeLeftovers(engine);
  const settings = readLockedSettings(caller);
  const checkout = realPlace(resolve(projectDir, settings.cooperbenchDir));
  if (!existsSync(checkout)) {
    throw new Problem(`there is no checkout of CooperBench in ${checkout}; make it: ./machine up ${stack}`);
  }
  if (options.junit !== undefined) assertFile("--junit", options.junit);
  const { tasks } = settings;
  const chosen = options.tasks === "all" ? tasks : spreadTasks(tasks, options.tasks);
  const subjects = subjectsOf(chosen, checkout, options.features);

  const abort = abortOnSignal();
  const capacity = { cpus: info.NCPU, memoryBytes: info.MemTotal };
  const started = performance.now();
  const common = {
    found: engine,
    dockerHost,
    checkout,
    timeoutSeconds: settings.smokeTimeoutSeconds,
    memoryBytes: memoryLimitBytes(capacity),
    abort,
  };
  const results = await someAtOnce(
    subjects.map((subject) => () => smokeOne(subject, common)),
    oraclesAtOnce(capacity),
    (done, running) => output.report(`${done}/${subjects.length} done, ${running} running`),
  );
  if (abort.aborted) {
    output.report("interrupted; the containers are removed");
    return 130;
  }

  const seconds = (performance.now() - started) / 1000;
  output.print(
    options.json
      ? `${JSON.stringify({ stack, dockerHost, results }, null, 2)}\n`
      : smokeTable(results, seconds),
  );
  if (options.junit !== undefined) writeFor("--junit", options.junit, smokeJunit(stack, results));
  return results.every(({ ok }) => ok) ? 0 : 1;
}

/** What one oracle is run of. */
interface Subject {
  readonly task: Task;
  readonly feature: number;
}

/**
 * The chosen features of the tasks. A task whose dataset is not there is among them, and fails; one that has none of
 * the chosen numbers is not.
 *
 * @throws a Problem where that leaves nothing.
 */
export function subjectsOf(tasks: readonly Task[], checkout: string, features: Features): readonly Subject[] {
  const subjects = tasks.flatMap((task) => {
    const there = featuresOf(taskFolder(checkout, task));
    const [first = 1] = there;
    const chosen =
      there.length === 0 || features === "first"
        ? [first]
        : there.filter((feature) => features === "all" || features.includes(feature));
    return chosen.map((feature) => ({ task, feature }));
  });
  if (subjects.length === 0) {
    const numbers = typeof features === "string" ? features : features.join(",");
    throw new Problem(
      `got --features ${numbers}, which none of ${tasks.map(taskName).join(", ")} has; want gold, all, or numbers of theirs`,
    );
  }
  return subjects;
}

interface Common {
  readonly found: Found;
  readonly dockerHost: string;
  readonly checkout: string;
  readonly timeoutSeconds: number;
  readonly memoryBytes: number;
  readonly abort: AbortSignal;
}

async function smokeOne(
  { task, feature }: Subject,
  { checkout, found: of, ...common }: Common,
): Promise<Smoked> {
  const { image } = task;
  const container = `cooperbench-smoke-${of.stack}-${taskKey(task)}-feature${feature}`;
  const folder = taskFolder(checkout, task);
  const wanted = { ...common, image, folder, feature, container, stack: identityOf(of) };
  const found = await runOracle(wanted).then(
    ({ image: _, feature: __, ...found }) => found,
    (error: Error) => {
      if (!(error instanceof Problem)) throw error;
      return { checks: unrun(error.message) };
    },
  );
  return { task: taskName(task), reference: image, feature, ok: isPassed(found.checks), ...found };
}
