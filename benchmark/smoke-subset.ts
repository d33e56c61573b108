/** A task of a subset, with the pairs of features that are run. */
export interface SubsetTask {
  readonly repo: string;
  readonly taskId: number;
  readonly pairs: readonly (readonly [number, number])[];
}

/** Name of the subset of a few pairs, as `cooperbench run -s` takes it. */
export const smokeSubset = "machine-smoke";

/** Its file in the checkout, from there. */
export const smokeSubsetFile = `dataset/subsets/${smokeSubset}.json`;
