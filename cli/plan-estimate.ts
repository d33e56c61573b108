/** What the runs of a plan take, for the page and for programs. */
import prettyBytes from "pretty-bytes";
import { agentLimitsIn } from "../benchmark/agent-limits.ts";
import { type EstimateFacts, estimate, type RunEstimate, type RunToEstimate } from "../benchmark/estimate.ts";
import { measureRuns } from "../benchmark/measure.ts";
import { readPairs } from "../benchmark/pairs.ts";
import {
  commandsOf,
  concurrencyFor,
  type PlanFacts,
  pairDiskBytes,
  plannedSetting,
  runNames,
} from "../benchmark/plan.ts";
import { type Price, priceOf } from "../benchmark/price.ts";
import { type Task, taskName } from "../benchmark/tasks.ts";
import type { MachineStatus } from "../checks/status/status.ts";
import type { Settings } from "../program/settings.ts";
import { featuresOf, taskFolder } from "../provision/steps/task-dataset.ts";
import { table } from "./table.ts";

/** A run of the plan: its commands in the checkout, and what it takes. */
export interface EstimatedRun extends RunEstimate {
  readonly commands: readonly (readonly string[])[];
}

/** What the runs take, and what that is known from. */
export interface PlanEstimate {
  readonly runs: readonly EstimatedRun[];
  /** CooperBench's limits of an agent. */
  readonly limits: { readonly modelCalls: number; readonly dollars: number };
  /** Of a token, in dollars, by litellm's table; undefined where that has no price of the model. */
  readonly price?: Price | undefined;
  /** What is run at once, and why. */
  readonly atOnce: { readonly pairs: number; readonly evaluations: number; readonly reason: string };
  readonly disk: {
    /** Images of the stack's tasks on the engine; layers that they share are counted for each. */
    readonly imageBytes: number;
    readonly missingImages: number;
    /** What the pairs that run at once take beside them: an estimate. */
    readonly runBytes: number;
    /** Undefined where it is not measured. */
    readonly freeBytes?: number | undefined;
  };
}

/** Estimates the runs of a plan, by the benchmark's pairs, CooperBench's limits, and the runs that the checkout has. */
export function estimatePlan(
  facts: PlanFacts,
  { subset, tasks }: Pick<Settings, "subset" | "tasks">,
  { images }: Pick<MachineStatus, "images">,
): PlanEstimate {
  const { folder, model, smokePairs, freeBytes } = facts;
  const atOnce = concurrencyFor(facts);
  const price = priceOf(folder, model);
  const known: EstimateFacts = {
    limits: (setting) => agentLimitsIn(folder, setting),
    hasPrice: price !== undefined,
    measured: measureRuns(folder, model),
    atOnce: atOnce.pairs,
  };
  const pairs = pairsOf(subset, tasks, folder);
  const runs = Object.values(runNames).map((name) => {
    const setting = plannedSetting(name) ?? "solo";
    const run: RunToEstimate = { name, setting, pairs: name === runNames.smoke ? smokePairs : pairs };
    return { ...estimate(run, known), commands: commandsOf(facts, name) };
  });
  const { steps, dollars } = known.limits("solo");
  const there = images.flatMap(({ sizeBytes }) => sizeBytes ?? []);
  return {
    ...{ runs, atOnce, price, limits: { modelCalls: steps, dollars } },
    disk: {
      imageBytes: there.reduce((sum, bytes) => sum + bytes, 0),
      missingImages: images.length - there.length,
      runBytes: atOnce.pairs * pairDiskBytes,
      freeBytes,
    },
  };
}

/** Pairs of the stack's tasks; of the full set, of which the benchmark has no list, by the dataset in the checkout. */
function pairsOf(subset: Settings["subset"], tasks: readonly Task[], checkout: string): number | undefined {
  if (subset !== "full") {
    const all = readPairs(subset);
    return tasks.reduce((sum, task) => sum + (all.get(taskName(task))?.length ?? 0), 0);
  }
  const features = tasks.map((task) => featuresOf(taskFolder(checkout, task)).length);
  if (features.includes(0)) return undefined;
  return features.reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
}

/** The estimates as a page has them. */
export function estimateLines({ runs, limits, price, atOnce, disk }: PlanEstimate): readonly string[] {
  const rows = runs.map(({ name, pairs, agents, mostModelCalls, mostDollars, expected }) => [
    name,
    shown(pairs),
    shown(agents),
    both(expected && shown(expected.modelCalls), shown(mostModelCalls)),
    expected?.inputTokens === undefined
      ? unknown
      : `${millions(expected.inputTokens)} in, ${millions(expected.outputTokens ?? 0)} out`,
    both(
      expected?.dollars && `$${expected.dollars.toFixed(2)}`,
      mostDollars === undefined ? unknown : `$${shown(mostDollars)}`,
    ),
    expected === undefined ? unknown : expected.hours.toFixed(1),
  ]);
  const measured = runs.flatMap(({ setting, expected }) =>
    expected === undefined ? [] : `${setting}: ${expected.pairs} pairs of ${expected.runs.join(", ")}`,
  );
  const unmeasured = [
    ...new Set(runs.flatMap(({ setting, expected }) => (expected === undefined ? setting : []))),
  ];
  const perMillion = (dollars: number) => `$${(dollars * 1e6).toFixed(2)}`;
  return [
    "```",
    ...table([["run", "pairs", "agents", "model calls", "tokens", "money", "hours"], ...rows]),
    "```",
    "",
    `- "At most" is CooperBench's limit of an agent: ${limits.modelCalls} calls of the model or $${limits.dollars}, whichever comes first.`,
    price === undefined
      ? "- Money is not counted: litellm's table in the checkout has no price of the model, so that no limit in dollars ends an agent."
      : `- A million tokens costs ${perMillion(price.input)} in and ${perMillion(price.output)} out, by litellm's table in the checkout.`,
    measured.length === 0
      ? "- Tokens, money and hours are not known before a run: the smoke run measures them, and this plan has them then."
      : `- Expected by the means of earlier runs with this model (${[...new Set(measured)].join("; ")}). Hours are those of the agents, ${atOnce.pairs} pairs at once; evaluations come on top.${unmeasured.length === 0 ? "" : ` Of ${unmeasured.join(" and ")} there was none yet.`}`,
    `- Disk: ${disk.imageBytes === 0 ? "no image is there yet" : `images of ${prettyBytes(disk.imageBytes)}, shared layers counted for each`}${disk.missingImages === 0 || disk.imageBytes === 0 ? "" : ` (${disk.missingImages} are missing)`}; ${prettyBytes(disk.runBytes)} for what runs at once, by estimate${disk.freeBytes === undefined ? "" : `; ${prettyBytes(disk.freeBytes)} are free`}.`,
  ];
}

const unknown = "not known";

function shown(value: number | undefined): string {
  return value === undefined ? unknown : value.toLocaleString("en");
}

function both(expected: string | 0 | undefined, most: string): string {
  if (most === unknown) return expected || unknown;
  return expected ? `${expected} (${most} at most)` : `${most} at most`;
}

function millions(tokens: number): string {
  return tokens < 1e6 ? `${(tokens / 1e3).toFixed(0)}k` : `${(tokens / 1e6).toFixed(1)}M`;
}
