import { parseOptions } from "./options.ts";

/** Which features of a task: its first one, all, or those of these numbers that it has. */
export type Features = "first" | "all" | readonly number[];

/** What `./machine smoke` is told. */
export interface SmokeOptions {
  /** Default: that of a command that names none. */
  readonly stack?: string;
  /** How many of the stack's tasks, spread over the repositories. Default: 5. */
  readonly tasks: number | "all";
  /** Default: the first. */
  readonly features: Features;
  readonly json: boolean;
  /** File for the results in JUnit XML. Default: none. */
  readonly junit?: string;
}

const usualTasks = 5;

/** Reads the arguments; undefined where they are not understood. */
export function smokeOptions(args: readonly string[]): SmokeOptions | undefined {
  const read = parseOptions(args, {
    tasks: { type: "string" },
    all: { type: "boolean", default: false },
    features: { type: "string", default: "gold" },
    json: { type: "boolean", default: false },
    junit: { type: "string" },
  });
  if (read === undefined) return undefined;
  const { stack, values } = read;
  const { json, junit } = values;
  const features = featuresOf(values.features);
  const tasks = values.all ? "all" : Number(values.tasks ?? usualTasks);
  if (features === undefined || (values.all && values.tasks !== undefined) || junit === "") return undefined;
  if (tasks !== "all" && !(Number.isInteger(tasks) && tasks > 0)) return undefined;
  return {
    ...(stack !== undefined && { stack }),
    tasks,
    features,
    json,
    ...(junit !== undefined && { junit }),
  };
}

function featuresOf(text: string): Features | undefined {
  // Each task has one feature for its gold: the first stands for it.
  if (text === "gold" || text === "first") return "first";
  if (text === "all") return "all";
  return /^[1-9]\d*(,[1-9]\d*)*$/.test(text) ? [...new Set(text.split(",").map(Number))] : undefined;
}
