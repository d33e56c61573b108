import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const agent = z.looseObject({
  status: z.string().nullish(),
  steps: z.number().nullish(),
  error: z.string().nullish(),
});

/** The part of CooperBench's result.json that is read here: one agent in a solo run, several in others. */
const result = z.looseObject({
  agent: agent.optional(),
  agents: z.record(z.string(), agent).optional(),
});

const evaluation = z.looseObject({ error: z.string().nullish(), both_passed: z.boolean().nullish() });

const trajectory = z.looseObject({ messages: z.array(z.looseObject({ content: z.unknown() })).default([]) });

const configuration = z.looseObject({
  model: z.string().nullish(),
  agent_framework: z.string().nullish(),
  total_tasks: z.number().nullish(),
});

/** How an agent ended. */
export interface AgentResult {
  /** Its name in the run: solo, agent1, … */
  readonly name: string;
  /** CooperBench's word for it, such as Submitted, LimitsExceeded or Error. */
  readonly status: string;
  /** Calls of the model. */
  readonly steps: number;
  /** What was thrown, where something was. */
  readonly error: string;
}

/** What a run has of one pair of features. */
export interface PairResult {
  /** solo, coop or team. */
  readonly setting: string;
  /** Repository folder in the dataset, such as dspy_task. */
  readonly repo: string;
  readonly taskId: number;
  readonly features: readonly number[];
  readonly agents: readonly AgentResult[];
  /** What the engine said to the agents instead of running their commands. */
  readonly engineErrors: readonly string[];
  /** How the evaluation ended; undefined where there was none. */
  readonly evaluation?: { readonly passed: boolean; readonly error: string };
  /** Why the folder cannot be read; empty where it can. */
  readonly unreadable: string;
}

/** A run of CooperBench, as its folder below logs/ has it. */
export interface Run {
  readonly name: string;
  /** As litellm calls it; empty where the run does not say. */
  readonly model: string;
  readonly agentFramework: string;
  /** Pairs that the run was to do; undefined where it does not say. */
  readonly wanted: number | undefined;
  readonly pairs: readonly PairResult[];
}

/**
 * Reads a run.
 *
 * @param folder absolute folder of the run: logs/NAME in the checkout.
 * @throws where there is no such folder.
 */
export function readRun(folder: string, name: string): Run {
  const file = join(folder, "config.json");
  const config = existsSync(file) ? configuration.parse(JSON.parse(readFileSync(file, "utf8"))) : {};
  return {
    name,
    model: config.model ?? "",
    agentFramework: config.agent_framework ?? "",
    wanted: config.total_tasks ?? undefined,
    pairs: foldersIn(folder).flatMap((setting) => readSetting(join(folder, setting), setting)),
  };
}

function readSetting(folder: string, setting: string): readonly PairResult[] {
  if (!["solo", "coop", "team"].includes(setting)) return [];
  return foldersIn(folder).flatMap((repo) =>
    foldersIn(join(folder, repo)).flatMap((task) =>
      foldersIn(join(folder, repo, task)).flatMap((features) => {
        const numbers = /^f\d+(_f\d+)+$/.test(features)
          ? features.split("_").map((f) => Number(f.slice(1)))
          : [];
        if (numbers.length === 0) return [];
        const pair = { setting, repo, taskId: Number(task), features: numbers };
        return [readPair(join(folder, repo, task, features), pair)];
      }),
    ),
  );
}

function readPair(
  folder: string,
  pair: Pick<PairResult, "setting" | "repo" | "taskId" | "features">,
): PairResult {
  const nothing = { ...pair, agents: [], engineErrors: [], unreadable: "" };
  try {
    const file = join(folder, "result.json");
    if (!existsSync(file))
      return { ...nothing, unreadable: "there is no result.json: the pair was interrupted" };
    const { agent: one, agents = {} } = result.parse(JSON.parse(readFileSync(file, "utf8")));
    const all = one === undefined ? Object.entries(agents) : [["solo", one] as const];
    const eval_ = join(folder, "eval.json");
    const evaluated = existsSync(eval_) && evaluation.parse(JSON.parse(readFileSync(eval_, "utf8")));
    return {
      ...nothing,
      agents: all.map(([name, { status, steps, error }]) => ({
        name,
        status: status ?? "",
        steps: steps ?? 0,
        error: error ?? "",
      })),
      engineErrors: engineErrorsIn(folder),
      ...(evaluated && {
        evaluation: { passed: evaluated.both_passed === true, error: evaluated.error ?? "" },
      }),
    };
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    return {
      ...nothing,
      unreadable: `its files are not as CooperBench writes them: ${why.replaceAll("\n", " ")}`,
    };
  }
}

/** An agent's observation in which docker's own words stand in place of a command's output: its container was gone. */
const engineError =
  /"output": "((?:Error response from daemon: |Error: No such container: |Cannot connect to the Docker daemon)[^"\\]*)/;

function engineErrorsIn(folder: string): readonly string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith("_traj.json") && !name.includes("_full_"));
  const found = files.flatMap((name) => {
    const { messages } = trajectory.parse(JSON.parse(readFileSync(join(folder, name), "utf8")));
    return messages.flatMap(({ content }) => engineError.exec(textOf(content))?.[1] ?? []);
  });
  return [...new Set(found)];
}

/** A message's text, which is a string or a list of parts. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (part as { text?: unknown }).text ?? "").join("\n");
}

function foldersIn(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}
