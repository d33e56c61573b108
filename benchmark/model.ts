/** Model under test where a stack sets none, as `cooperbench run -m` takes it. */
export const defaultModel = "cohere/command-a-03-2025";

/** The URL of a call, which litellm takes whole, at the base URL of the model's API. */
export function callUrl(modelApiBase: string): string {
  return `${modelApiBase}/chat`;
}

/** Variables by name, in the order in which they are written. */
export type Variables = Readonly<Record<string, string>>;

/**
 * The variables of a run. COHERE_API_BASE is what routes CooperBench 0.0.29 (its litellm takes the full URL of the
 * call); MSWEA_MODEL_API_BASE is what routed its first agents.
 */
export function modelEnvironment(cohereApiKey: string, modelApiBase: string): Variables {
  return {
    COHERE_API_KEY: cohereApiKey,
    COHERE_API_BASE: callUrl(modelApiBase),
    MSWEA_MODEL_API_BASE: modelApiBase,
    MSWEA_COST_TRACKING: "ignore_errors",
    LITELLM_LOG: "ERROR",
  };
}

/** Names of the variables of a run. */
export const runVariables: readonly string[] = Object.keys(modelEnvironment("", ""));
