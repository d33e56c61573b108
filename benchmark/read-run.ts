import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Problem } from "../lib/problem.ts";
import { type Evaluation, readEvaluation } from "./read-evaluation.ts";
import { RunFileError, readRunFile } from "./run-file.ts";
import { engineErrorsIn } from "./trajectory.ts";

/** The settings of CooperBench's runs, each a folder of a run. */
export const runSettings = ["solo", "coop", "team"] as const;
export type RunSetting = (typeof runSettings)[number];

const agent = z.looseObject({
  feature_id: z.number().nullish(),
  status: z.string().nullish(),
  steps: z.number().nonnegative().nullish(),
  cost: z.number().nonnegative().nullish(),
  error: z.string().nullish(),
});

/** The part of CooperBench's result.json that is read here: one agent in a solo run, several in others. */
const result = z.looseObject({
  repo: z.string(),
  task_id: z.number(),
  features: z.array(z.number()),
  setting: z.string(),
  agent_framework: z.string(),
  model: z.string(),
  ended_at: z.string(),
  duration_seconds: z.number().nullish(),
  agent: agent.optional(),
  agents: z.record(z.string(), agent).optional(),
});
type Result = z.infer<typeof result>;

const configuration = z.looseObject({
  model: z.string(),
  agent_framework: z.string(),
  setting: z.enum(runSettings),
  total_tasks: z.number(),
  concurrency: z.number().nullish(),
});

/** How an agent ended. */
export interface AgentResult {
  /** Its name in the run: solo, agent1, … */
  readonly name: string;
  /** CooperBench's word for it, such as Submitted, LimitsExceeded or Error. */
  readonly status: string;
  /** Calls of the model; undefined where the file does not say. */
  readonly steps: number | undefined;
  /** What its calls have cost, in dollars; undefined where the file does not say. */
  readonly cost: number | undefined;
  /** What was thrown, where something was. */
  readonly error: string;
}

/** Which pair of features a result is of. */
export interface PairName {
  readonly setting: RunSetting;
  /** Repository folder in the dataset, such as dspy_task. */
  readonly repo: string;
  readonly taskId: number;
  readonly features: readonly number[];
}

/** What a run has of one pair of features. */
export interface PairResult extends PairName {
  /** Its folder, from that of the run. */
  readonly folder: string;
  /** As litellm calls it; empty where there is no result. */
  readonly model: string;
  /** Such as mini_swe_agent_v2; empty where there is no result. */
  readonly agentFramework: string;
  readonly agents: readonly AgentResult[];
  /** How long the agents took; undefined where the file does not say. */
  readonly seconds: number | undefined;
  /** What the engine said to the agents instead of running their commands, up to their end. */
  readonly engineErrors: readonly string[];
  /** How the evaluation ended; undefined where there was none. */
  readonly evaluation?: Evaluation;
  /** Why the folder cannot be read; empty where it can. */
  readonly unreadable: string;
  /** Whether that is because a writer was ended, and so the machine's doing. */
  readonly isCutOff: boolean;
}

/** A run of CooperBench, as its folder below logs/ has it. */
export interface Run {
  readonly name: string;
  /** As litellm calls it; empty where the run does not say. */
  readonly model: string;
  readonly agentFramework: string;
  /** Of its last command; undefined where the run does not say. */
  readonly setting: RunSetting | undefined;
  /** Pairs that its last command was to do; undefined where the run does not say. */
  readonly wanted: number | undefined;
  /** Pairs that its last command does at once; undefined where the run does not say. */
  readonly concurrency?: number | undefined;
  /** Why its config.json says none of this; empty where it does. */
  readonly unreadable: string;
  readonly pairs: readonly PairResult[];
}

/**
 * Reads a run.
 *
 * @param folder absolute folder of the run: logs/NAME in the checkout.
 * @param settings whose pairs are read. Default: all.
 * @throws a Problem where a folder cannot be read.
 */
export function readRun(folder: string, name: string, settings: readonly RunSetting[] = runSettings): Run {
  const pairs = settings.flatMap((setting) => readSetting(folder, setting));
  try {
    const read = readRunFile(join(folder, "config.json"), "config.json");
    if (read === undefined) throw new RunFileError("there is no config.json");
    const { model, agent_framework, setting, total_tasks, concurrency } = shaped(
      configuration,
      read,
      "config.json",
    );
    return {
      name,
      model,
      agentFramework: agent_framework,
      setting,
      wanted: total_tasks,
      concurrency: concurrency ?? undefined,
      unreadable: "",
      pairs,
    };
  } catch (error) {
    const unreadable = faultOf(error).message;
    return { name, model: "", agentFramework: "", setting: undefined, wanted: undefined, unreadable, pairs };
  }
}

/** What CooperBench itself takes for results: its other folders, and those of other names, are none. */
function readSetting(run: string, setting: RunSetting): readonly PairResult[] {
  return foldersIn(run, setting).flatMap((repo) =>
    foldersIn(run, setting, repo)
      .filter((task) => /^\d+$/.test(task))
      .flatMap((task) =>
        foldersIn(run, setting, repo, task)
          .filter((features) => /^f\d+(_f\d+)+$/.test(features))
          .map((features) => {
            const numbers = features.split("_").map((f) => Number(f.slice(1)));
            const pair = { setting, repo, taskId: Number(task), features: numbers };
            return readPair(run, [setting, repo, task, features].join("/"), pair);
          }),
      ),
  );
}

function readPair(run: string, folder: string, pair: PairName): PairResult {
  const nothing: PairResult = {
    ...pair,
    folder,
    model: "",
    agentFramework: "",
    agents: [],
    seconds: undefined,
    engineErrors: [],
    unreadable: "",
    isCutOff: false,
  };
  try {
    const written = [pair.setting, pair.repo, pair.taskId, featuresOf(pair.features)].join("/");
    if (folder !== written) throw new RunFileError(`CooperBench would name its folder ${written}`);
    const read = readRunFile(join(run, folder, "result.json"), "result.json");
    if (read === undefined) throw new RunFileError("there is no result.json: the pair was interrupted", true);
    const found = shaped(result, read, "result.json");
    const agents = agentsOf(pair, found);
    const evaluation = readEvaluation(join(run, folder), pair, found.ended_at);
    return {
      ...nothing,
      model: found.model,
      agentFramework: found.agent_framework,
      agents,
      seconds: found.duration_seconds ?? undefined,
      engineErrors: engineErrorsIn(join(run, folder), pair, agents),
      ...(evaluation && { evaluation }),
    };
  } catch (error) {
    const { message, isCutOff } = faultOf(error);
    return { ...nothing, unreadable: message, isCutOff };
  }
}

/** The agents of a result that is of this pair, and has as many as the setting has. */
function agentsOf(pair: PairName, found: Result): readonly AgentResult[] {
  const of = `${found.setting} ${found.repo}/${found.task_id} ${sorted(found.features)}`;
  const wanted = `${pair.setting} ${pair.repo}/${pair.taskId} ${sorted(pair.features)}`;
  if (of !== wanted) throw new RunFileError(`result.json is of another pair: ${of}`);
  const { agent: one, agents = {} } = found;
  const all =
    pair.setting === "solo" ? (one === undefined ? [] : [["solo", one] as const]) : Object.entries(agents);
  const names = pair.setting === "solo" ? ["solo"] : pair.features.map((_, at) => `agent${at + 1}`);
  const got = all.map(([name]) => name).sort();
  if (got.join() !== names.join())
    throw new RunFileError(
      `result.json has ${got.join(", ") || "no agent"}, and ${pair.setting} has ${names.join(", ")}`,
    );
  return all.map(([name, { status, steps, cost, error }]) => ({
    name,
    status: status ?? "",
    steps: steps ?? undefined,
    cost: cost ?? undefined,
    error: error ?? "",
  }));
}

/** The name of a folder of a pair. */
function featuresOf(features: readonly number[]): string {
  return features
    .toSorted((a, b) => a - b)
    .map((feature) => `f${feature}`)
    .join("_");
}

function sorted(features: readonly number[]): string {
  return features.toSorted((a, b) => a - b).join(",");
}

function shaped<T>(schema: z.ZodType<T>, read: unknown, name: string): T {
  const { data, error } = schema.safeParse(read);
  if (error === undefined) return data as T;
  const why = z.prettifyError(error).replaceAll("\n", " ");
  throw new RunFileError(`${name} is not as CooperBench writes it: ${why}`);
}

function faultOf(error: unknown): RunFileError {
  if (error instanceof RunFileError) return error;
  throw error;
}

/** Folders in one of a run, and links to folders, as CooperBench takes them. */
function foldersIn(run: string, ...path: readonly string[]): readonly string[] {
  const folder = join(run, ...path);
  try {
    if (!isFolder(folder)) return [];
    return readdirSync(folder)
      .filter((name) => isFolder(join(folder, name)))
      .sort();
  } catch (error) {
    throw new Problem(`${folder} cannot be read: ${(error as NodeJS.ErrnoException).code}`, {
      advice: "make it readable for this user, or run the command as its owner",
    });
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") return false; // a link to itself
    throw error;
  }
}
