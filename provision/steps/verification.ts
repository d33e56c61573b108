import { realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Pair, readPairs } from "../../benchmark/pairs.ts";
import type { Subset } from "../../benchmark/tasks.ts";
import { list } from "../../lib/list.ts";
import { withoutControls } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import { output, type RunOptions, run } from "../../lib/run.ts";
import { newEnvironment, restored } from "../remedies.ts";
import { featureFolder, runFiles, taskFolder } from "./task-dataset.ts";
import { lastLineOf, programAt, venvPython, venvPythonOptions } from "./venv-python.ts";

/** What the CooperBench command line must show of itself. */
export interface Verification {
  /** Folder of the checkout, with its `.venv`. */
  readonly folder: string;
  /** Subset that it must know; `full` is all of the dataset. */
  readonly subset: Subset;
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
 * loaded, and which pairs of the subset a run would do: those of the benchmark, with every file that they need.
 *
 * @throws a Problem with what is wrong, and what helps.
 */
export async function verify({ folder, subset, tasks, abort }: Verification): Promise<VerificationResult> {
  const options = { ...venvPythonOptions(folder), timeoutSeconds: 300, ...(abort && { abort }) };
  const [said] = await Promise.all([
    answer(folder, subset, options),
    output(resolve(folder, ".venv", "bin", "cooperbench"), ["--help"], options),
  ]);
  const { pairs, ...seen } = lastLineOf<Omit<VerificationResult, "tasks"> & { pairs: Pairs }>(said);
  if (!seen.package.startsWith(`${realpathSync(folder)}/`)) {
    throw new Problem(
      `cooperbench is loaded from ${seen.package}, not from ${resolve(folder)}`,
      newEnvironment(folder),
    );
  }
  const fault = pairsFault(pairs, subset, tasks) ?? filesFault(folder, pairs, tasks);
  if (fault !== undefined) throw new Problem(fault, restored(folder, "dataset"));
  return { ...seen, tasks: tasks.length };
}

/** What the environment's Python says of CooperBench. Throws a Problem with why it does not. */
async function answer(folder: string, subset: Subset, options: Omit<RunOptions, "keep">): Promise<string> {
  const program = [programAt("verify_command_line.py"), subset];
  const { code, stdout, stderr, ending } = await run(venvPython(folder), program, {
    ...options,
    keep: 1_000_000,
  });
  if (code === 0) return stdout;
  const last = withoutControls(stderr).trim().split("\n").at(-1);
  throw new Problem(`cooperbench does not load: its Python ${ending}${last ? ` (${last})` : ""}`, [
    { command: ["git", "-C", folder, "status"], when: "to see whether the checkout was changed" },
    newEnvironment(folder),
  ]);
}

/** Pairs of features by task. */
type Pairs = Readonly<Record<string, readonly Pair[]>>;

/** How a run's pairs of the wanted tasks differ from the benchmark's; undefined where they do not. */
export function pairsFault(pairs: Pairs, subset: Subset, tasks: readonly string[]): string | undefined {
  const gone = tasks.filter((task) => pairs[task] === undefined);
  if (gone.length > 0)
    return `cooperbench sees ${tasks.length - gone.length} of ${tasks.length} tasks of ${subset}; missing: ${list(gone)}`;
  const wanted = readPairs(subset);
  const named = (task: string, of: readonly Pair[] = []) =>
    of.map((pair) => `${task} ${pair.toSorted((a, b) => a - b)}`);
  const seen = new Set(tasks.flatMap((task) => named(task, pairs[task])));
  const all = new Set(tasks.flatMap((task) => named(task, wanted.get(task))));
  const missing = [...all].filter((pair) => !seen.has(pair));
  // Of the full set the benchmark has no list: all that the dataset has are its pairs.
  const others = subset === "full" ? [] : [...seen].filter((pair) => !all.has(pair));
  if (missing.length > 0)
    return `cooperbench sees ${all.size - missing.length} of ${all.size} pairs of ${subset}; missing: ${list(missing)}`;
  return others.length > 0
    ? `cooperbench sees pairs that ${subset} does not have: ${list(others)}`
    : undefined;
}

/** Which of the files that a run of the pairs reads are not there, or empty; undefined where none are. */
export function filesFault(folder: string, pairs: Pairs, tasks: readonly string[]): string | undefined {
  const missing = tasks.flatMap((task) => {
    const [repo = "", taskId] = task.split("/");
    const of = taskFolder(folder, { repo, taskId: Number(taskId) });
    const features = [...new Set((pairs[task] ?? []).flat())];
    const files = features.flatMap((feature) =>
      runFiles.map((name) => join(featureFolder(of, feature), name)),
    );
    return files.filter((file) => !statSync(file, { throwIfNoEntry: false })?.size);
  });
  if (missing.length === 0) return undefined;
  return `the dataset lacks ${missing.length} files that a run reads: ${list(missing)}`;
}
