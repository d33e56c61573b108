import { existsSync } from "node:fs";
import { capacityOf, longLimitNote, memoryLimitBytes, oraclesAtOnce } from "../benchmark/capacity.ts";
import { spreadTasks, type Task, taskKey, taskName } from "../benchmark/tasks.ts";
import { abortOnSignal } from "../lib/abort.ts";
import { Problem } from "../lib/problem.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import { type OracleReport, type OracleSubject, runOracles, unrun } from "../provision/steps/oracle.ts";
import { featuresOf, taskFolder } from "../provision/steps/task-dataset.ts";
import type { StackCaller } from "./caller.ts";
import type { Features, Given } from "./commands.ts";
import { removeLeftovers } from "./cut-off.ts";
import { openEngine } from "./engine.ts";
import { identityOf } from "./identity.ts";
import { recordSmoked } from "./proof-record.ts";
import { isPassed, type Smoked, smokeCount, smokeJunit, smokeTable } from "./smoke-report.ts";
import { readLockedSettings } from "./stack-settings.ts";
import { codeOf, conclude, type Verdict } from "./verdict.ts";
import { whileTelling } from "./while-telling.ts";
import { assertFile, writeFor } from "./write-out.ts";

/**
 * `./machine smoke [STACK] …`: has the installed CooperBench evaluate the dataset's gold patches in the images that
 * are there, without a model. Gives 0 only where it counts each gold patch as passed, and its tests without it as not.
 * Changes nothing.
 */
export async function smoke(options: Given["smoke"], caller: StackCaller): Promise<number> {
  const { stack, projectDir, output } = caller;
  const engine = await openEngine(caller);
  const { dockerHost, info } = engine;
  await removeLeftovers(engine);
  const settings = readLockedSettings(caller);
  const checkout = checkoutFolder(projectDir, settings);
  if (!existsSync(checkout)) {
    throw new Problem(`there is no checkout of CooperBench in ${checkout}; make it: ./machine up ${stack}`);
  }
  if (options.junit !== undefined) assertFile("--junit", options.junit);
  const { tasks } = settings;
  const chosen = options.tasks === "all" ? tasks : spreadTasks(tasks, options.tasks);
  const subjects = subjectsOf(chosen, checkout, options.features);

  const note = longLimitNote(settings.smokeTimeoutSeconds);
  if (note !== undefined) output.report(note);
  const abort = abortOnSignal();
  const capacity = capacityOf(info);
  const started = performance.now();
  const progress = (done: number, running: number) => `${done}/${subjects.length} done, ${running} running`;
  const reports = await whileTelling(output, progress(0, 0), (tell) =>
    runOracles(
      subjects.map((subject) => oracleSubject(stack, checkout, subject)),
      {
        ...{ dockerHost, checkout, stack: identityOf(engine), abort },
        ...{ atOnce: oraclesAtOnce(capacity), memoryBytes: memoryLimitBytes(capacity) },
        timeoutSeconds: settings.smokeTimeoutSeconds,
      },
      (...counts) => tell(progress(...counts)),
    ),
  ).catch((error) => {
    if (!abort.aborted) throw error;
    return [];
  });
  if (abort.aborted)
    return conclude(output, {
      outcome: "interrupted",
      text: "the containers are removed",
      next: `./machine smoke ${stack}`,
    });

  const results = subjects.map(({ task, feature }, index) =>
    smoked(task, feature, reports[index] as OracleReport | Problem),
  );
  recordSmoked(engine, checkout, results);
  const seconds = (performance.now() - started) / 1000;
  const areWell = results.every(({ ok }) => ok);
  const verdict: Verdict = {
    outcome: areWell ? "done" : "failed",
    text: smokeCount(results, seconds),
    next: `./machine ${areWell ? "plan" : "status"} ${stack}`,
  };
  if (options.junit !== undefined) writeFor("--junit", options.junit, smokeJunit(stack, results));
  if (options.json) {
    output.print(`${JSON.stringify({ stack, dockerHost, results }, null, 2)}\n`);
    return codeOf(verdict);
  }
  output.print(smokeTable(results));
  return conclude(output, verdict);
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

function oracleSubject(stack: string, checkout: string, { task, feature }: Subject): OracleSubject {
  const container = `cooperbench-smoke-${stack}-${taskKey(task)}-feature${feature}`;
  return { image: task.image, folder: taskFolder(checkout, task), feature, container };
}

function smoked(task: Task, feature: number, report: OracleReport | Problem): Smoked {
  const of = { task: taskName(task), reference: task.image, feature };
  if (report instanceof Problem) return { ...of, ok: false, checks: unrun(report.message) };
  const { imageId, digest, checks } = report;
  return { ...of, imageId, digest, ok: isPassed(checks), checks };
}
