import { existsSync } from "node:fs";
import { capacityOf, longLimitNote, memoryLimitBytes, oraclesAtOnce } from "../benchmark/capacity.ts";
import { spreadTasks, type Task, taskKey, taskName } from "../benchmark/tasks.ts";
import { abortOnSignal } from "../lib/abort.ts";
import { list } from "../lib/list.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { didYouMean } from "../lib/similar.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import { type OracleReport, type OracleSubject, runOracles, unrun } from "../provision/steps/oracle.ts";
import { featuresOf, taskFolder } from "../provision/steps/task-dataset.ts";
import type { StackCaller } from "./caller.ts";
import type { ChosenTasks, Features, Given } from "./commands.ts";
import { removeLeftovers } from "./cut-off.ts";
import { openEngine } from "./engine.ts";
import { identityOf } from "./identity.ts";
import { printJson } from "./json.ts";
import { isPassed, type OracleResult, oracleCount, oracleJunit, oracleTable } from "./oracle-report.ts";
import { recordCommand, recordOracles } from "./proof-record.ts";
import { readLockedSettings, readSettings } from "./stack-settings.ts";
import { codeOf, conclude, type Verdict } from "./verdict.ts";
import { whileTelling } from "./while-telling.ts";
import { assertFile, writeFor } from "./write-out.ts";

/**
 * `./machine oracle [STACK] …`: has the installed CooperBench evaluate the dataset's gold patches in the images that
 * are there, without a model. Gives 0 only where it counts each gold patch as passed, and its tests without it as not.
 * Changes nothing.
 */
export async function oracle(options: Given["oracle"], caller: StackCaller): Promise<number> {
  const { stack, projectDir, output } = caller;
  readSettings(caller);
  const engine = await openEngine(caller);
  const { dockerHost, info } = engine;
  await removeLeftovers(engine);
  const settings = readLockedSettings(caller);
  const checkout = checkoutFolder(projectDir, settings);
  if (!existsSync(checkout)) {
    throw new Problem(`there is no checkout of CooperBench in ${checkout}`, machine("up", stack));
  }
  if (options.junit !== undefined) assertFile("--junit", options.junit);
  const subjects = subjectsOf(choose(settings.tasks, options.tasks), checkout, options.features);

  const note = longLimitNote(settings.oracleTimeoutSeconds);
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
        timeoutSeconds: settings.oracleTimeoutSeconds,
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
      next: machine("oracle", stack),
    });

  const results = subjects.map(({ task, feature }, index) =>
    resultOf(task, feature, reports[index] as OracleReport | Problem),
  );
  recordOracles(engine, checkout, results);
  const seconds = (performance.now() - started) / 1000;
  const areWell = results.every(({ ok }) => ok);
  const verdict: Verdict = {
    outcome: areWell ? "done" : "failed",
    text: oracleCount(results, seconds),
    next: machine(areWell ? "plan" : "status", stack),
  };
  recordCommand(engine, "oracle", verdict);
  if (options.junit !== undefined) writeFor("--junit", options.junit, oracleJunit(stack, results));
  if (options.json) {
    printJson(output, "oracle", { stack, dockerHost, results });
    return codeOf(verdict);
  }
  output.print(oracleTable(results));
  return conclude(output, verdict);
}

/** @throws a Problem where one is named that the stack does not have. */
export function choose(tasks: readonly Task[], chosen: ChosenTasks): readonly Task[] {
  if (chosen === "all") return tasks;
  if (typeof chosen === "number") return spreadTasks(tasks, chosen);
  const names = (task: Task) => [task.repo, taskName(task)];
  const all = tasks.flatMap(names);
  const other = chosen.find((name) => !all.includes(name));
  if (other !== undefined)
    throw new Problem(`the stack has no task ${other}${didYouMean(other, all)}`, {
      advice: `name tasks or repositories of the stack: ${list([...new Set(tasks.map(({ repo }) => repo))], 30)}`,
    });
  return tasks.filter((task) => names(task).some((name) => chosen.includes(name)));
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
    throw new Problem(`none of ${tasks.map(taskName).join(", ")} has a feature ${numbers}`, {
      advice: "give --features gold, all, or numbers of theirs",
    });
  }
  return subjects;
}

function oracleSubject(stack: string, checkout: string, { task, feature }: Subject): OracleSubject {
  const container = `cooperbench-oracle-${stack}-${taskKey(task)}-feature${feature}`;
  return { image: task.image, folder: taskFolder(checkout, task), feature, container };
}

function resultOf(task: Task, feature: number, report: OracleReport | Problem): OracleResult {
  const of = { task: taskName(task), reference: task.image, feature };
  if (report instanceof Problem)
    return {
      ...of,
      ok: false,
      checks: unrun({ found: report.found, remedies: report.remedies }),
    };
  const { imageId, digest, checks } = report;
  return { ...of, imageId, digest, ok: isPassed(checks), checks };
}
