import { readFileSync } from "node:fs";
import { type Subset, spreadTasks, type Task, taskName } from "./tasks.ts";

/** A pair of features of one task. */
export type Pair = readonly [number, number];

interface SubsetFile {
  readonly tasks: readonly {
    readonly repo: string;
    readonly task_id: number;
    readonly pairs: readonly Pair[];
  }[];
}

/** The pairs of a subset by task (`dspy_task/8394`). The full set has no list of its own: lite's and flash's are taken. */
export function readPairs(subset: Subset): ReadonlyMap<string, readonly Pair[]> {
  const files = subset === "full" ? ["flash", "lite"] : [subset];
  return new Map(
    files.flatMap((name) => {
      const text = readFileSync(new URL(`subsets/${name}.json`, import.meta.url), "utf8");
      return (JSON.parse(text) as SubsetFile).tasks.map(
        ({ repo, task_id, pairs }) => [`${repo}/${task_id}`, pairs] as const,
      );
    }),
  );
}

/** A few pairs to try a machine with: the first of a task, from as many repositories as there are. */
export function fewPairs<T extends Task>(
  tasks: readonly T[],
  pairs: ReadonlyMap<string, readonly Pair[]>,
  count: number,
): readonly { readonly repo: string; readonly taskId: number; readonly pairs: readonly Pair[] }[] {
  const withPairs = tasks.filter((task) => pairs.get(taskName(task))?.length);
  return spreadTasks(withPairs, count).map((task) => ({
    repo: task.repo,
    taskId: task.taskId,
    pairs: (pairs.get(taskName(task)) ?? []).slice(0, 1),
  }));
}
