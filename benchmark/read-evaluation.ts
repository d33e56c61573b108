import { statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type CountedTests, countTests } from "./counted-tests.ts";
import type { PairName } from "./read-run.ts";
import { RunFileError, readRunFile } from "./run-file.ts";

const feature = z.looseObject({
  passed: z.boolean(),
  exit_code: z.number().nullish(),
  tests_passed: z.number().nullish(),
  tests_failed: z.number().nullish(),
  test_output: z.string().nullish(),
  // As one of two agents with the same patch has it.
  output: z.string().nullish(),
});

/** The part of CooperBench's eval.json that is read here. */
const file = z.looseObject({
  repo: z.string(),
  task_id: z.number(),
  features: z.array(z.number()),
  merge: z.looseObject({ status: z.string().nullish() }).nullish(),
  feature1: feature,
  feature2: feature,
  both_passed: z.boolean(),
  error: z.string().nullish(),
  evaluated_at: z.string(),
});

/** How the tests of a feature ended. */
export interface FeatureEvaluation {
  readonly feature: number;
  readonly passed: boolean;
  /** null where there were none, such as after a conflict; undefined where the file does not say, as in a solo run. */
  readonly exitCode: number | null | undefined;
  readonly counted: CountedTests;
  readonly output: string;
}

/** How a pair was evaluated. */
export interface Evaluation {
  readonly passed: boolean;
  /** What was thrown, where something was. */
  readonly error: string;
  /** Why it says nothing of the result: its file cannot be read, or is of another one. Empty where it does. */
  readonly fault: string;
  /** How the work of the agents was merged, such as clean or conflicts; empty in a solo run. */
  readonly merge: string;
  readonly features: readonly FeatureEvaluation[];
  /** The largest of the patches, in bytes. */
  readonly patchBytes: number;
}

/**
 * The evaluation of a pair; undefined where there is none.
 *
 * @param folder of the pair.
 * @param endedAt when its agents ended.
 */
export function readEvaluation(folder: string, pair: PairName, endedAt: string): Evaluation | undefined {
  const nothing = { passed: false, error: "", merge: "", features: [], patchBytes: 0 };
  try {
    const read = readRunFile(join(folder, "eval.json"), "eval.json");
    if (read === undefined) return undefined;
    const { data, error } = file.safeParse(read);
    if (error !== undefined) {
      const why = z.prettifyError(error).replaceAll("\n", " ");
      throw new RunFileError(`eval.json is not as CooperBench writes it: ${why}`);
    }
    const of = `${data.repo}/${data.task_id} ${data.features.toSorted((a, b) => a - b).join()}`;
    return {
      passed: data.both_passed,
      error: data.error ?? "",
      fault:
        of === `${pair.repo}/${pair.taskId} ${pair.features.join()}`
          ? isOlder(data.evaluated_at, endedAt)
          : `eval.json is of another pair: ${of}`,
      merge: data.merge?.status ?? "",
      features: [data.feature1, data.feature2].map((found, at) => ({
        feature: data.features[at] ?? 0,
        passed: found.passed,
        exitCode: found.exit_code,
        ...outputOf(found),
      })),
      patchBytes: Math.max(...patchesOf(pair).map((name) => sizeOf(join(folder, name)))),
    };
  } catch (error) {
    if (!(error instanceof RunFileError)) throw error;
    return { ...nothing, fault: error.message };
  }
}

function outputOf(found: z.infer<typeof feature>): Pick<FeatureEvaluation, "output" | "counted"> {
  const output = found.test_output ?? found.output ?? "";
  const { tests_passed: passed, tests_failed: failed } = found;
  return { output, counted: passed == null || failed == null ? countTests(output) : { passed, failed } };
}

/** CooperBench does an Error again and keeps its evaluation, which is then of an earlier try. Both are in local time. */
function isOlder(evaluatedAt: string, endedAt: string): string {
  const [evaluated, ended] = [Date.parse(evaluatedAt), Date.parse(endedAt)];
  if (evaluated >= ended) return "";
  return evaluated < ended
    ? `its evaluation (${evaluatedAt}) is older than its result (${endedAt}), and so of an earlier try`
    : `it is not known whether its evaluation (${evaluatedAt}) is of its result (${endedAt})`;
}

function patchesOf({ setting, features }: PairName): readonly string[] {
  return setting === "solo" ? ["solo.patch"] : features.map((feature) => `agent${feature}.patch`);
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0; // CooperBench takes a patch that is not there for an empty one
  }
}
