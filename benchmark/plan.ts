import { shellWord } from "../lib/shell-word.ts";
import { type Capacity, leastCapacity, oraclesAtOnce } from "./capacity.ts";
import type { RunSetting } from "./read-run.ts";
import { smokeSubset } from "./smoke-subset.ts";
import { readTasks } from "./tasks.ts";

/** What a plan of runs is made from. */
export interface PlanFacts {
  readonly stack: string;
  /** Absolute folder of the CooperBench checkout. */
  readonly folder: string;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Model under test, as `cooperbench run -m` takes it. */
  readonly model: string;
  /** lite, flash or full. */
  readonly subset: string;
  /** Tasks whose images the stack has, such as dspy_task/8394, where these are not all of the subset. */
  readonly onlyTasks?: readonly string[] | undefined;
  /** The services of cooperating agents that the stack has: address of Redis, and whether there is a git server. */
  readonly services?: { readonly redis: string; readonly git: boolean } | undefined;
  /** Pairs of the smoke run. */
  readonly smokePairs: number;
  /** What the engine has for containers; undefined where that is not known. */
  readonly capacity: Capacity | undefined;
  /** Bytes that are free on the engine's disk; undefined where they are not measured, and so limit nothing. */
  readonly freeBytes?: number | undefined;
}

/** Disk that the two containers of a pair take beside their image while they build and test, in bytes: an estimate. */
export const pairDiskBytes = 4e9;

/** Memory that a container takes while it builds and tests, in bytes: the upper end of what such repositories need. */
const containerBytes = 2e9;

/** How many pairs are run and evaluated at once, and why. */
export interface Concurrency {
  readonly pairs: number;
  readonly evaluations: number;
  readonly reason: string;
}

/**
 * Fits a run to an engine. An agent mostly waits for its model, so two pairs share a processor; an evaluation runs
 * tests all the time, and takes one. A pair has two containers.
 */
export function concurrencyFor({
  capacity,
  freeBytes,
}: Pick<PlanFacts, "capacity" | "freeBytes">): Concurrency {
  const { cpus, memoryBytes } = capacity ?? leastCapacity;
  const byMemory = Math.floor(memoryBytes / (2 * containerBytes));
  const byDisk = Math.floor((freeBytes ?? Number.POSITIVE_INFINITY) / pairDiskBytes);
  const pairs = Math.max(1, Math.min(2 * cpus, byMemory, byDisk, 30));
  // An evaluation is to a machine what an oracle is.
  const evaluations = Math.min(oraclesAtOnce({ cpus, memoryBytes }), 10);
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(0);
  const disk =
    freeBytes === undefined
      ? ""
      : `; ${gigabytes(freeBytes)} GB free on its disk, of which a pair takes ${gigabytes(pairDiskBytes)}`;
  return {
    pairs,
    evaluations,
    reason:
      capacity === undefined
        ? "the engine did not answer, so what it has is not known, and these are the least"
        : `${cpus} processors and ${gigabytes(memoryBytes)} GB of memory: two pairs a processor, as agents wait for their model, two containers of 2 GB a pair; one evaluation a processor${disk}`,
  };
}

/** Names of the plan's runs. */
export const runNames = { smoke: "smoke", solo: "solo", coop: "coop", silent: "coop-silent" } as const;
const { smoke, solo, coop, silent } = runNames;

/** Which of the plan's runs. */
export type PlannedName = (typeof runNames)[keyof typeof runNames];

/** The setting of a run of the plan; undefined for a run of another name. */
export function plannedSetting(name: string): RunSetting | undefined {
  if (!isPlanned(name)) return undefined;
  return name === coop || name === silent ? "coop" : "solo";
}

/**
 * The options of a run of cooperating agents, which its results do not say: those of the plan's own runs are known by
 * their names, and others are taken to use the stack's services.
 */
export function coopOptions(name: string, services: PlanFacts["services"]): string {
  return name === silent ? " --no-messaging" : serviceOptions(services);
}

/** Whether the plan has a run of this name, so that its options are known. */
export function isPlanned(name: string): name is PlannedName {
  return Object.values<string>(runNames).includes(name);
}

/** The program of a run, in the checkout. */
export const runProgram = ".venv/bin/cooperbench";

/**
 * The arguments of a run of the plan.
 *
 * @param name as `cooperbench run -n` takes it. Default: the plan's own.
 * @param narrowed more arguments that choose some of its pairs. Default: none.
 */
export function runArguments(
  facts: PlanFacts,
  which: PlannedName,
  name: string = which,
  narrowed: readonly string[] = [],
): readonly string[] {
  return argumentsOf(facts, which, name, which === smoke ? smokeSubset : facts.subset, narrowed);
}

/** The arguments of a run of the smoke run's pairs by a mock model, solo or by cooperating agents: all of them at once. */
export function demoArguments(facts: PlanFacts, which: "solo" | "coop", name: string): readonly string[] {
  const { smokePairs } = facts;
  return argumentsOf(facts, which, name, smokeSubset, [], { pairs: smokePairs, evaluations: smokePairs });
}

function argumentsOf(
  facts: PlanFacts,
  which: PlannedName,
  name: string,
  subset: string,
  narrowed: readonly string[],
  { pairs, evaluations }: Omit<Concurrency, "reason"> = concurrencyFor(facts),
): readonly string[] {
  const options = which === coop || which === silent ? coopOptions(which, facts.services) : "";
  return [
    ...["run", "-n", name],
    ...(subset === "full" ? [] : ["-s", subset]),
    ...narrowed,
    ...["--setting", plannedSetting(which) ?? "solo"],
    ...options.split(" ").filter((word) => word !== ""),
    ...["-m", facts.model, "-c", `${pairs}`, "--eval-concurrency", `${evaluations}`],
  ];
}

/** The options that name a run's services; where CooperBench looks for Redis, there is none to give. */
function serviceOptions(services: PlanFacts["services"]): string {
  if (services === undefined) return "";
  const redis = services.redis === "127.0.0.1:6379" ? "" : ` --redis redis://${services.redis}`;
  return `${redis}${services.git ? " --git" : ""}`;
}

function aboutRedis({ services }: PlanFacts): string {
  if (services !== undefined) return `Agents with messages use the Redis at ${services.redis}.`;
  return "Agents with messages need a Redis on port 6379: `coop: true` brings one, else CooperBench starts its own, open to the network.";
}

/** The options that choose what a stack has of its subset: whole repositories, and tasks; none where it has all. */
export function selections({ subset, onlyTasks }: PlanFacts): readonly (readonly string[])[] {
  if (onlyTasks === undefined) return [[]];
  const all = readTasks().filter(({ subsets }) => subsets.some((one) => one === subset));
  const repositories = [...new Set(onlyTasks.map((task) => task.split("/")[0] ?? ""))];
  return repositories.flatMap((repo) => {
    const own = onlyTasks.filter((task) => task.startsWith(`${repo}/`));
    const isWhole = own.length === all.filter((task) => task.repo === repo).length;
    return isWhole ? [["-r", repo]] : own.map((task) => ["-r", repo, "-t", task.split("/")[1] ?? ""]);
  });
}

/** The commands of a run of the plan, in the checkout: one, or where the stack has some of its subset one for each part. */
export function commandsOf(facts: PlanFacts, which: PlannedName): readonly (readonly string[])[] {
  const parts = which === smoke ? [[]] : selections(facts);
  return parts.map((part) => [runProgram, ...runArguments(facts, which, which, part)]);
}

/** The plan of the runs on a machine, in Markdown. */
export function runPlan(facts: PlanFacts): string {
  const { stack, folder, dockerHost, subset, smokePairs } = facts;
  const { pairs, evaluations, reason } = concurrencyFor(facts);
  const which = subset === "full" ? "" : ` -s ${subset}`;
  const lines = (which: PlannedName) =>
    commandsOf(facts, which)
      .map((command) => `   ${command.map(shellWord).join(" ")}`)
      .join("\n");
  const narrowed =
    facts.onlyTasks === undefined
      ? ""
      : `\nThe stack has the images of these tasks alone: ${facts.onlyTasks.join(", ")}.\n`;
  return `# Runs on this machine (stack ${stack})
${narrowed}
\`\`\`sh
cd ${shellWord(folder)}
export DOCKER_HOST=${shellWord(dockerHost)}
\`\`\`

1. A smoke run of ${smokePairs} pairs, solo, then what it was worth:

   \`\`\`sh
${lines(smoke)}
   ./machine plan ${stack} --check ${smoke}   # in the folder of cooperbench-machine
   \`\`\`

2. Solo, then cooperating agents, then those without messages:

   \`\`\`sh
${lines(solo)}
${lines(coop)}
${lines(silent)}
   \`\`\`

   ${aboutRedis(facts)}

3. Each run evaluates itself. What was not evaluated:

   \`\`\`sh
   .venv/bin/cooperbench eval -n ${solo}${which} -c ${evaluations}
   .venv/bin/cooperbench eval -n ${coop}${which} -c ${evaluations}
   .venv/bin/cooperbench eval -n ${silent}${which} -c ${evaluations}
   \`\`\`

${pairs} pairs and ${evaluations} evaluations at once, for ${reason}.

A run that was interrupted goes on with the same command: pairs that have a result are left out. Those that ended with
Error are done again, and **keep the evaluation of their first try**, which says that they failed. CooperBench counts what
the machine got wrong as the model's, too. \`./machine plan ${stack} --check NAME\` tells all of these apart, with the
commands that do or evaluate those pairs again: give it before a figure of a run is used.

\`./machine run ${stack} -n NAME\`, with NAME one of ${Object.values(runNames).join(", ")} or with \`--setting\`, starts the same where the
machine is ready, with no variable that it does not need, and writes into logs/NAME/machine.json what it runs on.

Variables that your shell exports win over those of \`.env\`.
`;
}
