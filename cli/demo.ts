import { join } from "node:path";
import { agentLimitsIn } from "../benchmark/agent-limits.ts";
import { checkRun, type RunCheck } from "../benchmark/check-run.ts";
import { makeDemoRun, removeDemoRuns } from "../benchmark/demo-runs.ts";
import { demoArguments, type PlanFacts, runProgram } from "../benchmark/plan.ts";
import { readRun } from "../benchmark/read-run.ts";
import { abortOnSignal } from "../lib/abort.ts";
import { environmentFor } from "../lib/environment.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { run } from "../lib/run.ts";
import { plannedRun } from "../program/runs.ts";
import { startCohereMock } from "../rehearsal/model/cohere-mock.ts";
import { competentAgent } from "../rehearsal/model/competent-agent.ts";
import type { StackCaller } from "./caller.ts";
import type { Given } from "./commands.ts";
import { type DemoRun, printJson } from "./json.ts";
import { planFacts } from "./plan.ts";
import { recordCommand } from "./proof-record.ts";
import { lookReady } from "./run.ts";
import { runCount, runReport } from "./run-report.ts";
import { openAsFound } from "./session.ts";
import { readSettings } from "./stack-settings.ts";
import { codeOf, conclude, type Verdict } from "./verdict.ts";
import { whileTelling } from "./while-telling.ts";

/**
 * `./machine demo STACK`: the run of five pairs in a rehearsal, with a mock in the model's place that does the tasks: solo,
 * and by cooperating agents where the stack has their services. Each is evaluated, and judged as `plan --check` does. Gives
 * 0 where every pair is the model's and passes. Its results are removed then, and where it is interrupted, unless they are
 * to be kept; those of others stay.
 */
export async function demo({ keep, json }: Given["demo"], caller: StackCaller): Promise<number> {
  const { stack, output } = caller;
  const found = openAsFound(caller);
  if (!found.isRehearsal)
    throw new Problem(
      `stack ${stack} is not a rehearsal, and the demo uses stand-ins and a mock model. Nothing was started.`,
      { ...machine("new", "demo", "--rehearsal"), when: "to make a rehearsal" },
    );
  const facts = await planFacts(caller);
  const env = environmentFor("planned-run", found.env);
  await lookReady(caller, env);
  const abort = abortOnSignal();
  const model = await startCohereMock(competentAgent());
  const runs: DemoRun[] = [];
  const logs = join(facts.folder, "logs");
  const made: string[] = [];
  try {
    const variables = {
      ...env,
      COHERE_API_BASE: `${model.modelApiBase}/chat`,
      // Nothing is asked outside.
      LITELLM_LOCAL_MODEL_COST_MAP: "True",
    };
    for (const setting of ["solo", ...(facts.services ? (["coop"] as const) : [])] as const) {
      const name = makeDemoRun(logs, setting);
      made.push(name);
      runs.push(await demoRun({ setting, name }, facts, { ...caller, env: variables, abort }));
    }
  } finally {
    model.close();
    if (abort.aborted && !keep) removeDemoRuns(logs, made);
  }
  const isPassed = runs.every(({ pairs, passed }) => passed === pairs);
  if (isPassed && !keep) removeDemoRuns(logs, made);
  else output.report(`the results are in ${made.map((name) => join(logs, name)).join(" and ")}\n`);
  const told = runs.map(
    ({ setting, passed, pairs, seconds }) => `${setting} ${passed}/${pairs} in ${seconds.toFixed(1)} s`,
  );
  const calls = model.asked.length;
  const verdict: Verdict = {
    outcome: isPassed ? "done" : "failed",
    text: `the demo ${isPassed ? "passed" : "did not pass"}: ${told.join(", ")}; ${calls} calls to a mock model, none to a real one`,
    next: machine("plan", stack, ...(isPassed ? [] : ["--check", String(runs.at(-1)?.name)])),
  };
  recordCommand({ ...found, output }, "demo", verdict);
  if (!json) return conclude(output, verdict);
  printJson(output, "demo", { stack, isPassed, modelCalls: calls, runs });
  return codeOf(verdict);
}

/** A caller, with all the variables of the run. */
type DemoCaller = Omit<StackCaller, "env"> & {
  readonly env: Readonly<Record<string, string>>;
  readonly abort: AbortSignal;
};

async function demoRun(
  { setting, name }: Pick<DemoRun, "setting" | "name">,
  facts: PlanFacts,
  { stack, projectDir, output, env, abort }: DemoCaller,
): Promise<DemoRun> {
  const { folder, smokePairs } = facts;
  const logs = join(folder, "logs", name);
  const settings = readSettings({ projectDir, stack });
  const planned = plannedRun(settings, "smoke");
  const look = () =>
    checkRun(readRun(logs, name), planned && { ...planned, setting }, (of) => agentLimitsIn(folder, of));
  const began = performance.now();
  const progress = (check?: RunCheck) => {
    const pairs = check?.verdicts.map(({ pair }) => pair) ?? [];
    const done = pairs.filter(({ unreadable }) => unreadable === "").length;
    const evaluated = pairs.filter(({ evaluation }) => evaluation !== undefined).length;
    return `${setting}: ${done}/${smokePairs} pairs done, ${evaluated} of them evaluated`;
  };
  const ended = await whileTelling(output, progress(), async (tell) => {
    const timer = setInterval(() => tell(progress(look())), 1000);
    const args = demoArguments(facts, setting, name);
    return run(join(folder, runProgram), args, {
      ...{ cwd: folder, env },
      ...{ abort, patienceSeconds: 30, ownSession: true },
    }).finally(() => clearInterval(timer));
  });
  const seconds = (performance.now() - began) / 1000;
  if (abort.aborted)
    throw new Problem("the demo was interrupted; its containers end with the run", machine("demo", stack));
  const check = look();
  if (check.verdicts.length === 0)
    throw new Problem(
      `the demo's run ${ended.ending} without a result:\n${ended.stdout}${ended.stderr}`,
      machine("status", stack),
    );
  output.report(`${runReport(check, facts.services, folder)}${runCount(check)}`);
  const passed = check.verdicts.filter(
    ({ kind, pair }) => kind === "valid" && pair.evaluation?.passed,
  ).length;
  return { setting, name, pairs: smokePairs, passed, seconds };
}
