import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { Problem } from "../../lib/problem.ts";
import { output } from "../../lib/run.ts";
import { shellWord } from "../../lib/shell-word.ts";
import { lastLineOf, programAt, venvPython, venvPythonOptions } from "./venv-python.ts";

/** What the CooperBench command line must show of itself. */
export interface Verification {
  /** Folder of the checkout, with its `.venv`. */
  readonly folder: string;
  /** Subset that it must know; `full` is all of the dataset. */
  readonly subset: string;
  /** Names of the tasks that it must see, such as `dspy_task/8394`. */
  readonly tasks: readonly string[];
  /** Ends it. Default: never. */
  readonly abort?: AbortSignal;
}

/** What it has shown. */
export interface VerificationResult {
  /** Version of CooperBench. */
  readonly version: string;
  /** Folder that the package is loaded from. */
  readonly package: string;
  readonly pythonVersion: string;
  /** How many of the wanted tasks it sees: all of them. */
  readonly tasks: number;
}

/**
 * Runs the `cooperbench` of the environment, and asks its package which version it is, from which folder it is
 * loaded, and which tasks of the subset it sees.
 *
 * @throws a Problem with what it got and what it wants.
 */
export async function verify({ folder, subset, tasks, abort }: Verification): Promise<VerificationResult> {
  const options = { ...venvPythonOptions(folder), timeoutSeconds: 300, ...(abort && { abort }) };
  const [answer] = await Promise.all([
    output(venvPython(folder), [programAt("verify_command_line.py"), subset], {
      ...options,
      keep: 1_000_000,
    }),
    output(resolve(folder, ".venv", "bin", "cooperbench"), ["--help"], options),
  ]);
  const seen = lastLineOf<Omit<VerificationResult, "tasks"> & { tasks: string[] }>(answer);
  if (!seen.package.startsWith(`${realpathSync(folder)}/`)) {
    throw new Problem(
      `cooperbench is loaded from ${seen.package}, want ${resolve(folder)}: remove ${folder}/.venv and run the update again`,
    );
  }
  const missing = tasks.filter((task) => !seen.tasks.includes(task));
  if (missing.length > 0) {
    throw new Problem(
      `cooperbench sees ${tasks.length - missing.length} of ${tasks.length} tasks of ${subset}; missing: ${missing.join(", ")}\n` +
        `Restore the dataset: git -C ${shellWord(folder)} checkout HEAD -- dataset`,
    );
  }
  return { ...seen, tasks: tasks.length };
}
