/** What runs take: as far as limits and earlier runs say. */
import { type AgentLimits, agentsOf } from "./agent-limits.ts";
import type { RunSetting } from "./read-run.ts";

/** What earlier runs with the model took of one setting: means of a pair. */
export interface Measured {
  /** Names of the runs. */
  readonly runs: readonly string[];
  /** Pairs that were measured. */
  readonly pairs: number;
  readonly modelCalls: number;
  /** Of its agents, without the evaluation. */
  readonly seconds: number;
  /** By CooperBench's count; undefined where it knows no price of the model. */
  readonly dollars?: number | undefined;
  /** By what the API said; undefined where it did not. */
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/** A run that is planned. */
export interface RunToEstimate {
  readonly name: string;
  readonly setting: RunSetting;
  /** Undefined where nothing says how many. */
  readonly pairs: number | undefined;
}

/** What a run takes. */
export interface RunEstimate extends RunToEstimate {
  readonly agents?: number | undefined;
  /** The most that CooperBench's limits of an agent let it have; undefined where the pairs are not known. */
  readonly mostModelCalls?: number | undefined;
  /** The same in dollars, where a price of the model is known: without one nothing is counted, or ended. */
  readonly mostDollars?: number | undefined;
  /** What earlier runs let expect; undefined where there was none of this setting. */
  readonly expected?: Expected | undefined;
}

/** What a run is expected to take, by what earlier ones took. */
export interface Expected extends Omit<Measured, "seconds"> {
  /** Of its agents, as many pairs at once as the plan has. */
  readonly hours: number;
}

/** What decides an estimate. */
export interface EstimateFacts {
  readonly limits: (setting: RunSetting) => AgentLimits;
  readonly hasPrice: boolean;
  readonly measured: Readonly<Partial<Record<RunSetting, Measured>>>;
  /** Pairs that are run at once. */
  readonly atOnce: number;
}

/** Estimates a run. */
export function estimate(run: RunToEstimate, facts: EstimateFacts): RunEstimate {
  const { setting, pairs } = run;
  if (pairs === undefined) return run;
  const { steps, dollars } = facts.limits(setting);
  const agents = pairs * agentsOf(setting);
  const measured = facts.measured[setting];
  return {
    ...run,
    agents,
    mostModelCalls: agents * steps,
    mostDollars: facts.hasPrice ? agents * dollars : undefined,
    expected: measured && expect(measured, pairs, facts.atOnce),
  };
}

function expect({ runs, pairs: of, seconds, ...each }: Measured, pairs: number, atOnce: number): Expected {
  const times = (value: number | undefined) => (value === undefined ? undefined : value * pairs);
  return {
    runs,
    pairs: of,
    modelCalls: Math.round(each.modelCalls * pairs),
    dollars: times(each.dollars),
    inputTokens: times(each.inputTokens),
    outputTokens: times(each.outputTokens),
    hours: (seconds * Math.ceil(pairs / Math.min(atOnce, pairs || 1))) / 3600,
  };
}
