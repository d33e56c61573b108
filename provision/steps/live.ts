import { Problem } from "../../lib/problem.ts";
import { otherVersion } from "../remedies.ts";
import { agentTimeoutSeconds, runAgentProgram } from "./agent-program.ts";

/** What came of one real call. */
export interface LiveCall {
  /** From the request to the answer, in seconds. */
  readonly seconds: number;
  /** Who answered, in turn: more than one where a redirect was followed, none where nobody did. */
  readonly answers: readonly { readonly url: string; readonly status: number }[];
  /** Why it failed, without the key; undefined where it did not. */
  readonly error?: string;
  /** Whether the answer says nothing. */
  readonly isEmpty?: boolean;
  readonly inputTokens?: number | null;
  readonly outputTokens?: number | null;
  /** What litellm takes it to cost, in US dollars; null where it has no price. */
  readonly costDollars?: number | null;
}

/**
 * Has the default agent's own model make one small real call, with the settings and the key of a run.
 *
 * @param folder of the checkout.
 * @param model as `cooperbench run -m` takes it.
 * @throws a Problem where this version's agent cannot be asked.
 */
export async function callLive(folder: string, model: string): Promise<LiveCall> {
  const result = await runAgentProgram<LiveCall & { readonly cannotAsk?: string }>(folder, "call_live.py", {
    model,
    maxTokens: 8,
    timeoutSeconds: agentTimeoutSeconds / 2,
  });
  if (result.cannotAsk !== undefined)
    throw new Problem(`this version's agent cannot be asked: ${result.cannotAsk}`, otherVersion);
  return result;
}
