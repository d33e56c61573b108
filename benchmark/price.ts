import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What a model costs, in dollars a token. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

const entry = z.looseObject({ input_cost_per_token: z.number(), output_cost_per_token: z.number() });

/**
 * The price of a model by the table that litellm has in a checkout's environment, by which CooperBench counts where it cannot
 * ask for a newer one; undefined where that has none, or there is no environment yet.
 *
 * @param model as litellm calls it, such as cohere/command-a-03-2025.
 */
export function priceOf(checkout: string, model: string): Price | undefined {
  try {
    const lib = join(checkout, ".venv", "lib");
    const [python = ""] = readdirSync(lib).filter((name) => name.startsWith("python"));
    const file = join(lib, python, "site-packages/litellm/model_prices_and_context_window_backup.json");
    const table = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>>;
    const { data } = entry.safeParse(table[model] ?? table[model.replace(/^[^/]*\//, "")]);
    return data && { input: data.input_cost_per_token, output: data.output_cost_per_token };
  } catch {
    return undefined;
  }
}
