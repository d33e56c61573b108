/** Model under test, as `cooperbench run -m` takes it. */
export const modelName = "cohere/command-a-03-2025";

/** The URL of a call, which litellm takes whole, at the base URL of the model's API. */
export function callUrl(modelApiBase: string): string {
  return `${modelApiBase}/chat`;
}
