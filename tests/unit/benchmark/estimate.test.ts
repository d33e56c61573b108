import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { estimate } from "../../../benchmark/estimate.ts";
import { measureRuns } from "../../../benchmark/measure.ts";
import { priceOf } from "../../../benchmark/price.ts";
import { readRun } from "../../../benchmark/read-run.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

vi.mock(import("../../../benchmark/read-run.ts"), async (original) => {
  const real = await original();
  return { ...real, readRun: vi.fn(real.readRun) };
});

const model = "cohere/command-a-03-2025";
const limits = () => ({ steps: 100, dollars: 3 });
const facts = { limits, hasPrice: true, measured: {}, atOnce: 4 };

/** A run of CooperBench, of one pair. */
function makeRun(checkout: string, name: string, more: object = {}): void {
  const folder = join(checkout, "logs", name, "solo", "dspy_task", "8394", "f1_f2");
  mkdirSync(folder, { recursive: true });
  const write = (file: string, value: object) => writeFileSync(file, JSON.stringify(value));
  const named = { agent_framework: "mini_swe_agent_v2", model, setting: "solo" };
  write(join(checkout, "logs", name, "config.json"), { ...named, total_tasks: 1 });
  const agent = { status: "Submitted", steps: 20, cost: 0.5, error: null };
  const pair = { repo: "dspy_task", task_id: 8394, features: [1, 2], ended_at: "2026-01-01T00:00:00" };
  write(join(folder, "result.json"), { ...pair, ...named, duration_seconds: 360, agent, ...more });
  const usage = { prompt_tokens: 1000, completion_tokens: 10 };
  write(join(folder, "solo_traj.json"), { messages: [{ extra: { response: { usage } } }, { role: "user" }] });
}

test("before any run the limits of its agents are all that is known, and without a price no money", () => {
  const run = { name: "coop", setting: "coop", pairs: 100 } as const;
  expect(estimate(run, facts)).toMatchObject({ agents: 200, mostModelCalls: 20_000, mostDollars: 600 });
  expect(estimate(run, facts).expected).toBeUndefined();
  expect(estimate(run, { ...facts, hasPrice: false }).mostDollars).toBeUndefined();
  expect(estimate({ ...run, pairs: undefined }, facts).mostModelCalls).toBeUndefined();
});

test("earlier runs with the model say what to expect of one of their setting; a demo's and another model's do not", () => {
  const checkout = temporaryFolder("measure-");
  makeRun(checkout, "smoke");
  makeRun(checkout, "machine-demo-solo", { duration_seconds: 1 });
  makeRun(checkout, "other", { model: "cohere/other", duration_seconds: 1 });
  const measured = measureRuns(checkout, model);
  expect(measured).toEqual({
    solo: {
      ...{ runs: ["smoke"], pairs: 1, modelCalls: 20, seconds: 360 },
      ...{ dollars: 0.5, inputTokens: 1000, outputTokens: 10 },
    },
  });
  const { expected } = estimate({ name: "solo", setting: "solo", pairs: 100 }, { ...facts, measured });
  expect(expected).toEqual({
    ...{ runs: ["smoke"], pairs: 1, modelCalls: 2000, dollars: 50 },
    ...{ inputTokens: 100_000, outputTokens: 1000, hours: 2.5 },
  });
});

test("of a setting that has pairs enough no more are read", () => {
  const checkout = temporaryFolder("measure-");
  for (let run = 10; run <= 60; run++) makeRun(checkout, `run-${run}`);
  vi.mocked(readRun).mockClear();
  expect(measureRuns(checkout, model).solo?.pairs).toBe(50);
  const settings = vi.mocked(readRun).mock.calls.map(([, , of]) => of);
  expect(settings.slice(-2)).toEqual([
    ["solo", "coop", "team"],
    ["coop", "team"],
  ]);
});

test("a model's price is that of litellm's table, by its name with and without a provider", () => {
  const checkout = temporaryFolder("price-");
  const folder = join(checkout, ".venv/lib/python3.12/site-packages/litellm");
  mkdirSync(folder, { recursive: true });
  const price = { input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5 };
  const table = { sample_spec: { input_cost_per_token: "a text" }, "command-a-03-2025": price };
  writeFileSync(join(folder, "model_prices_and_context_window_backup.json"), JSON.stringify(table));
  expect(priceOf(checkout, model)).toEqual({ input: 2.5e-6, output: 1e-5 });
  expect(priceOf(checkout, "cohere/unknown")).toBeUndefined();
  expect(priceOf("/nowhere", model)).toBeUndefined();
});
