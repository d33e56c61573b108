import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Task } from "../../benchmark/tasks.ts";
import { gitBlobId } from "../../lib/digest.ts";
import { Problem } from "../../lib/problem.ts";
import type { Remedy } from "../../lib/remedy.ts";
import { restored } from "../remedies.ts";

/** The names of a feature's patches: its tests, and the gold patch that passes them. */
export const patches = { tests: "tests.patch", gold: "feature.patch" } as const;

/** What a run reads of each feature: what its agents are to do, and the tests that judge it. */
export const runFiles = ["feature.md", patches.tests] as const;

/** Folder of a task in the dataset of a checkout. */
export function taskFolder(checkout: string, { repo, taskId }: Pick<Task, "repo" | "taskId">): string {
  return join(checkout, "dataset", repo, `task${taskId}`);
}

/** The task's copy of the runner that its image has. */
export function runnerFile(folder: string): string {
  return join(folder, "runner.sh");
}

/** Id that git gives the task's runner as a file; undefined where the dataset has none. */
export function runnerId(folder: string): string | undefined {
  const file = runnerFile(folder);
  return existsSync(file) ? gitBlobId(readFileSync(file)) : undefined;
}

/** Folder of a feature of a task. */
export function featureFolder(folder: string, feature: number): string {
  return join(folder, `feature${feature}`);
}

/** The numbers of a task's features, ascending; none where the folder is not there. */
export function featuresOf(folder: string): readonly number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => /^feature(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** What proves a task: its first feature. Undefined where it has none. */
export function firstFeature(folder: string): number | undefined {
  return featuresOf(folder)[0];
}

/** The runner and the two patches of a feature. */
function filesOf(folder: string, feature: number): readonly string[] {
  const names = [patches.tests, patches.gold];
  return [runnerFile(folder), ...names.map((name) => join(featureFolder(folder, feature), name))];
}

/** @throws a Problem that names every file that the oracle needs of a task and that is not there. */
export function assertDataset(folder: string, feature: number): void {
  const missing = filesOf(folder, feature).filter((file) => !existsSync(file));
  if (missing.length > 0) throw new Problem(`the dataset has no ${missing.join(", no ")}`, restore(folder));
}

/** Restores a task's files. */
export function restore(folder: string): Remedy {
  const checkout = resolve(folder, "../../..");
  return restored(checkout, relative(checkout, resolve(folder)));
}

/**
 * A hash of what the oracle runs of a feature: another one wants another run. Files that are not there have a hash as
 * well: it is the oracle that tells of them.
 *
 * @param feature default: the task's first.
 */
export function datasetHash(folder: string, feature: number = firstFeature(folder) ?? 0): string {
  const hash = createHash("sha256");
  for (const file of filesOf(folder, feature)) {
    const bytes = existsSync(file) ? readFileSync(file) : undefined;
    hash.update(`${bytes?.length ?? "missing"}\n`).update(bytes ?? "");
  }
  return `sha256:${hash.digest("hex")}`;
}

/** What a word that `datasetShape` gives begins with. */
export const shapeWord = "dataset ";

/**
 * Names what a run reads of some tasks, by name and size: another word means that a file is gone, or another. No file is
 * read.
 */
export function datasetShape(checkout: string, tasks: readonly Pick<Task, "repo" | "taskId">[]): string {
  const hash = createHash("sha256");
  for (const task of tasks) {
    const folder = taskFolder(checkout, task);
    for (const feature of featuresOf(folder))
      for (const name of runFiles) {
        const stat = statSync(join(featureFolder(folder, feature), name), { throwIfNoEntry: false });
        hash.update(`${folder.slice(checkout.length)} ${feature} ${name} ${stat?.size}\n`);
      }
  }
  return `${shapeWord}${hash.digest("hex")}`;
}

/** A hash of all that runs, evaluations and oracles read of some tasks. */
export function datasetContent(checkout: string, tasks: readonly Pick<Task, "repo" | "taskId">[]): string {
  const hash = createHash("sha256");
  for (const task of tasks) {
    const folder = taskFolder(checkout, task);
    for (const feature of featuresOf(folder)) {
      const told = join(featureFolder(folder, feature), runFiles[0]);
      hash.update(`${task.repo}/${task.taskId} ${feature} ${datasetHash(folder, feature)}\n`);
      hash.update(existsSync(told) ? readFileSync(told) : "missing").update("\n");
    }
  }
  return `sha256:${hash.digest("hex")}`;
}
