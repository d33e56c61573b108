import { gitList, gitText } from "./git.ts";

/**
 * Brings back the files of `src` and `dataset` that are missing from a checkout. What is changed is left as it is, and
 * so is what is deleted for git, too.
 *
 * @returns how many were missing.
 */
export async function restoreMissing(folder: string): Promise<number> {
  const missing = await gitList(folder, [
    "diff-files",
    "-z",
    "--name-only",
    "--diff-filter=D",
    "--",
    ":(top)src",
    ":(top)dataset",
  ]);
  // checkout-index makes what is not there, and overwrites nothing.
  if (missing.length > 0)
    await gitText(folder, ["checkout-index", "--quiet", "-z", "--stdin"], {
      input: missing.map((path) => `${path}\0`).join(""),
    });
  return missing.length;
}
