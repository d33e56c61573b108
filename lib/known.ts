import { foundOf } from "./problem.ts";

/** What is known of something, or why it is not: "not known" is never taken for "none", and never for "well". */
export type Known<Value> = { readonly value: Value } | { readonly unknown: string };

/** Something that is known. */
export function known<Value>(value: Value): Known<Value> {
  return { value };
}

/** What is known; undefined where nothing is. */
export function knownOf<Value>(answer: Known<Value>): Value | undefined {
  return "value" in answer ? answer.value : undefined;
}

/** Milliseconds that a question has. An engine that is busy with pulls takes a second, one over ssh two. */
export const ANSWER_MS = 10_000;

/**
 * Asks a question that has its answer in time, or none. Never throws.
 *
 * @param limitMs default: `ANSWER_MS`.
 * @param ask gets a signal that ends it when time is up.
 */
export async function within<Value>(
  limitMs: number | undefined = ANSWER_MS,
  ask: (signal: AbortSignal) => Value | Promise<Value>,
): Promise<Known<Value>> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Known<Value>>((resolve) => {
    timer = setTimeout(() => {
      resolve({ unknown: `no answer in ${limitMs / 1000} s` });
      abort.abort();
    }, limitMs);
  });
  const answer = async (): Promise<Known<Value>> => {
    try {
      return { value: await ask(abort.signal) };
    } catch (error) {
      return { unknown: foundOf(error) || String(error) };
    }
  };
  try {
    return await Promise.race([answer(), limit]);
  } finally {
    clearTimeout(timer);
  }
}
