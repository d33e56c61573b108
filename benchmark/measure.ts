import { readdirSync } from "node:fs";
import { join } from "node:path";
import { agentLimitsIn } from "./agent-limits.ts";
import { checkRun } from "./check-run.ts";
import { demoRunName } from "./demo-runs.ts";
import type { Measured } from "./estimate.ts";
import { type PairResult, type RunSetting, readRun, runSettings } from "./read-run.ts";
import { tokensIn } from "./trajectory.ts";

/** Pairs of a setting that are measured: a mean needs no more. */
const enough = 50;

/**
 * What the runs in a checkout took with a model, by setting: pairs whose result is the model's. Runs of the demo, which a
 * mock made, are left out.
 */
export function measureRuns(checkout: string, model: string): Partial<Record<RunSetting, Measured>> {
  const logs = join(checkout, "logs");
  const pairs: Found[] = [];
  const of = (setting: RunSetting) => pairs.filter(({ pair }) => pair.setting === setting);
  for (const run of foldersIn(logs)) {
    const wanted = runSettings.filter((setting) => of(setting).length < enough);
    pairs.push(...pairsOf(join(logs, run), run, { checkout, model, settings: wanted }));
  }
  return Object.fromEntries(
    runSettings.flatMap((setting) => {
      const found = of(setting).slice(0, enough);
      return found.length === 0 ? [] : [[setting, meansOf(found)] as const];
    }),
  );
}

/** A pair, and where it is. */
interface Found {
  readonly run: string;
  readonly folder: string;
  readonly pair: PairResult;
}

function foldersIn(logs: string): readonly string[] {
  try {
    return readdirSync(logs, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !demoRunName.test(entry.name))
      .map(({ name }) => name);
  } catch {
    return []; // no run yet
  }
}

function pairsOf(
  folder: string,
  run: string,
  {
    checkout,
    model,
    settings,
  }: { readonly checkout: string; readonly model: string; readonly settings: readonly RunSetting[] },
): readonly Found[] {
  const limits = (setting: RunSetting) => agentLimitsIn(checkout, setting);
  return checkRun(readRun(folder, run, settings), undefined, limits)
    .verdicts.filter(({ kind, pair }) => kind === "valid" && pair.model === model)
    .map(({ pair }) => ({ run, folder: join(folder, pair.folder), pair }));
}

function meansOf(pairs: readonly Found[]): Measured {
  const found = pairs.map((one) => ({ ...one, tokens: tokensIn(one.folder, one.pair) }));
  const mean = (value: (one: (typeof found)[number]) => number | undefined): number | undefined => {
    const known = found.flatMap((one) => value(one) ?? []);
    const sum = known.reduce((all, one) => all + one, 0);
    return sum === 0 ? undefined : sum / known.length;
  };
  const ofAgents = (pair: PairResult, key: "steps" | "cost") =>
    pair.agents.reduce((sum, agent) => sum + (agent[key] ?? 0), 0);
  return {
    runs: [...new Set(found.map(({ run }) => run))],
    pairs: found.length,
    modelCalls: mean(({ pair }) => ofAgents(pair, "steps")) ?? 0,
    seconds: mean(({ pair }) => pair.seconds) ?? 0,
    dollars: mean(({ pair }) => ofAgents(pair, "cost")),
    inputTokens: mean(({ tokens }) => tokens?.input),
    outputTokens: mean(({ tokens }) => tokens?.output),
  };
}
