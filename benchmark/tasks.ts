import { readFileSync } from "node:fs";
import { didYouMean } from "../lib/similar.ts";

/** One task of the benchmark, as `tasks.json` has it. */
export interface Task {
  /** Repository folder in the dataset, such as `llama_index_task`. */
  readonly repo: string;
  readonly taskId: number;
  /** Image reference (`repository:tag`) that CooperBench runs for this task. */
  readonly image: string;
  /** Commit, 40 hex digits, that /workspace/repo of the image must be at. */
  readonly baseCommit: string;
  /** Subsets that hold the task; every task is in `full`. */
  readonly subsets: readonly Subset[];
}

/** The benchmark's subsets of tasks: 26, 20 and all 30 of them. */
export const subsets = ["lite", "flash", "full"] as const;
export type Subset = (typeof subsets)[number];

interface TasksFile {
  readonly tasks: readonly {
    readonly repo: string;
    readonly task_id: number;
    readonly image: string;
    readonly base_commit: string;
    readonly subsets: readonly Subset[];
  }[];
}

/** Reads the benchmark's tasks, sorted by repository and number. */
export function readTasks(file: URL | string = new URL("tasks.json", import.meta.url)): readonly Task[] {
  const { tasks } = JSON.parse(readFileSync(file, "utf8")) as TasksFile;
  return tasks
    .map((task) => ({
      repo: task.repo,
      taskId: task.task_id,
      image: task.image,
      baseCommit: task.base_commit,
      subsets: [...task.subsets, "full"] as const,
    }))
    .sort((a, b) => a.repo.localeCompare(b.repo, "en") || a.taskId - b.taskId);
}

/** The name of a task in a `tasks` setting: `llama_index_task/17244`. */
export function taskName(task: Pick<Task, "repo" | "taskId">): string {
  return `${task.repo}/${task.taskId}`;
}

/** The stable key of a task in resource names and outputs: `llama-index-task17244`. */
export function taskKey(task: Pick<Task, "repo" | "taskId">): string {
  return `${task.repo.replace(/_task$/, "").replaceAll("_", "-")}-task${task.taskId}`;
}

/** What a selection chose, and each entry of its filter that chose nothing, with the reason. */
export interface Selection {
  readonly tasks: readonly Task[];
  readonly unmatched: readonly string[];
}

/**
 * The tasks of a subset, narrowed by a filter of repositories (`dspy_task`) or tasks (`dspy_task/8394`).
 * An empty filter narrows nothing.
 */
export function selectTasks(all: readonly Task[], subset: Subset, filter: readonly string[]): Selection {
  const inSubset = all.filter((task) => task.subsets.includes(subset));
  if (filter.length === 0) return { tasks: inSubset, unmatched: [] };
  const names = (task: Task) => [task.repo, taskName(task)];
  const matching = (tasks: readonly Task[], entry: string) =>
    tasks.some((task) => names(task).includes(entry));
  return {
    tasks: inSubset.filter((task) => names(task).some((name) => filter.includes(name))),
    unmatched: filter
      .filter((entry) => !matching(inSubset, entry))
      .map(
        (entry) =>
          `${entry}, which is ${matching(all, entry) ? `not in subset ${subset}` : `no task of the benchmark${didYouMean(entry, all.flatMap(names))}`}`,
      ),
  };
}

/**
 * Some of the tasks, from as many repositories as can be: the first task of each, then the second of each, and so on.
 * More of them are the same ones and others, so that a larger number has nothing done again.
 */
export function spreadTasks<T extends Pick<Task, "repo" | "taskId">>(
  tasks: readonly T[],
  count: number,
): readonly T[] {
  const rank = (task: T) => tasks.filter(({ repo }) => repo === task.repo).indexOf(task);
  return tasks.toSorted((a, b) => rank(a) - rank(b)).slice(0, count);
}
