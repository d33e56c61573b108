import { faultsInWords, takeNewest } from "../benchmark/known-faults.ts";
import { type Faulty, type Level, shown } from "./finding.ts";

/**
 * What is known to be wrong with a version of CooperBench: a warning before an update, and in the way of a run, whose
 * results would not be worth having. Undefined where nothing is known.
 */
export function versionFinding(
  version: string | undefined,
  stack: string,
  level: Exclude<Level, "ok">,
): Faulty | undefined {
  const found = faultsInWords(version);
  return found === undefined
    ? undefined
    : { check: "version", level, found, ...shown({ advice: takeNewest(stack) }) };
}
