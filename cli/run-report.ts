import type { RunCheck } from "../benchmark/check-run.ts";
import { defaultAgent } from "../benchmark/judge-agent.ts";
import { coopOptions, isPlanned, type PlanFacts, runProgram } from "../benchmark/plan.ts";
import type { PairName } from "../benchmark/read-run.ts";
import { merged, type Remedy, remedyText } from "../lib/remedy.ts";
import { shellWord } from "../lib/shell-word.ts";
import { table } from "./table.ts";

/** What a run of a checkout was worth, in lines: what is not the model's, why, what helps, and what is missing. */
export function runReport(check: RunCheck, services: PlanFacts["services"], checkout: string): string {
  const { run, verdicts, missing, wanted } = check;
  const bad = verdicts.filter(({ kind }) => kind !== "valid" && kind !== "running");
  const running = verdicts.filter(({ kind }) => kind === "running");
  const valid = verdicts.filter(({ kind }) => kind === "valid");
  const evaluated = valid.filter(({ pair }) => pair.evaluation !== undefined);
  const remedies = bad.flatMap(({ remedies }) => remedies);
  // Two commands on one run would do the same pairs.
  const toDo = check.isGoing
    ? []
    : [
        ...commands(check, services),
        ...(missing === 0 ? [] : [`${missing} of ${wanted} pairs have no result: ${goOn}`]),
        ...(evaluated.length === valid.length
          ? []
          : [
              `${valid.length - evaluated.length} not evaluated: ${runProgram} eval -n ${shellWord(run.name)}`,
            ]),
      ];
  const lines = [
    ...(run.unreadable === "" || (check.isOfPlan && wanted !== undefined)
      ? []
      : [`what ${run.name} was to do is not known: ${run.unreadable}`]),
    ...table([
      ...bad.map(({ pair, kind, reasons }) => [kind.toUpperCase(), pairName(pair), reasons.join("; ")]),
      ...running.map(({ pair, reasons }) => ["RUNNING", pairName(pair), reasons.join("; ")]),
      ...check.missingPairs.map((pair) =>
        check.isGoing
          ? ["TO COME", pairName(pair), "it has no result yet"]
          : ["MISSING", pairName(pair), "it has no result"],
      ),
    ]),
    ...(remedies.length === 0 ? [] : [remedyText(merged(remedies))]),
    ...(toDo.some((line) => line.includes(`: ${runProgram} `)) ? [`in the checkout: ${into(checkout)}`] : []),
    ...toDo,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

const into = (checkout: string) => `cd ${shellWord(checkout)}`;

const goOn = "run its command again, and it goes on where it stopped";

/** What comes next after a run that is not whole: the first fix, or what does the first pair again; undefined for nothing. */
export function nextOfRun(
  check: RunCheck,
  services: PlanFacts["services"],
  checkout: string,
): Remedy | undefined {
  const [remedy] = check.verdicts
    .filter(({ kind }) => kind !== "running")
    .flatMap(({ remedies }) => remedies);
  if (remedy !== undefined) return remedy;
  const again = redone(check, services)[0];
  if (again?.startsWith(runProgram)) return { advice: `${into(checkout)} && ${again}` };
  const advice = again ?? (check.missing > 0 ? goOn : undefined);
  return advice === undefined ? undefined : { advice };
}

/** The same in numbers. */
export function runCount({ run, verdicts }: RunCheck): string {
  const valid = verdicts.filter(({ kind }) => kind === "valid");
  const evaluated = valid.filter(({ pair }) => pair.evaluation !== undefined);
  const passed = evaluated.filter(({ pair }) => pair.evaluation?.passed).length;
  return `${run.name}: ${valid.length} of ${verdicts.length} results are the model's, ${passed} of ${evaluated.length} evaluated ones passed`;
}

/** A pair in words. */
export function pairName({ setting, repo, taskId, features }: PairName): string {
  return `${setting} ${repo}/${taskId} ${features.join(",")}`;
}

/** What does again what the machine has spoilt, in lines, and what is to be known of it. */
function commands(check: RunCheck, services: PlanFacts["services"]): readonly string[] {
  const isUnsure =
    !isPlanned(check.run.name) &&
    check.verdicts.some(({ pair, kind }) => pair.setting !== "solo" && kind === "machine");
  const lines = redone(check, services).map((line) => `again: ${line}`);
  return isUnsure
    ? [
        ...lines,
        "add the run's other options to these, such as --no-messaging: its files do not say which it had",
      ]
    : lines;
}

/**
 * Does again what the machine has spoilt, in the checkout. A result of which nothing is known is not done again, since
 * the model would have another try; a foreign one is not, since it would be lost.
 */
function redone(
  { run, agentFramework, verdicts, ...check }: RunCheck,
  services: PlanFacts["services"],
): readonly string[] {
  const agent = ["", defaultAgent].includes(agentFramework) ? "" : ` -a ${shellWord(agentFramework)}`;
  const again = verdicts.filter(({ kind }) => kind === "machine" || kind === "evaluation");
  return again.map(({ pair, kind }) => {
    const { setting, repo, taskId, features } = pair;
    const which = `-n ${shellWord(run.name)} -r ${shellWord(repo)} -t ${taskId} -f ${features.join(",")} --force`;
    if (kind === "evaluation") return `${runProgram} eval ${which}`;
    const model = pair.model === "" ? check.model : pair.model;
    // Without one CooperBench takes a model of its own.
    if (model === "")
      return `${pairName(pair)}, with the run's own command: nothing here says which model it used`;
    const options = setting === "solo" ? "" : coopOptions(run.name, services);
    return `${runProgram} run ${which} --setting ${setting}${options}${agent} -m ${shellWord(model)}`;
  });
}
