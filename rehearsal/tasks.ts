import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** One task of the benchmark, as far as a stand-in needs it. */
export interface Task {
  /** The dataset's folder, `go_chi_task`. */
  readonly repo: string;
  readonly taskId: number;
  /** The real image's name with its tag. */
  readonly image: string;
  /** Features are numbered from 1 to this. */
  readonly features: number;
}

/** The subsets that the dataset holds. */
export const SUBSETS = ["flash", "lite"] as const;

const MANIFEST = new URL("../benchmark/", import.meta.url);

interface TasksFile {
  readonly tasks: readonly { readonly repo: string; readonly task_id: number; readonly image: string }[];
}

interface SubsetFile {
  readonly tasks: readonly {
    readonly repo: string;
    readonly task_id: number;
    readonly pairs: readonly (readonly [number, number])[];
  }[];
}

/** A subset's file as the project's manifest has it. */
export function subsetText(name: (typeof SUBSETS)[number]): string {
  return readFileSync(fileURLToPath(new URL(`subsets/${name}.json`, MANIFEST)), "utf8");
}

/** All tasks of the manifest, with as many features as the subsets' pairs speak of, and two at least. */
export function readTasks(): Task[] {
  const { tasks } = JSON.parse(
    readFileSync(fileURLToPath(new URL("tasks.json", MANIFEST)), "utf8"),
  ) as TasksFile;
  const features = new Map<string, number>();
  for (const name of SUBSETS)
    for (const { repo, task_id, pairs } of (JSON.parse(subsetText(name)) as SubsetFile).tasks)
      features.set(`${repo}/${task_id}`, Math.max(features.get(`${repo}/${task_id}`) ?? 2, ...pairs.flat()));
  return tasks.map(({ repo, task_id, image }) => ({
    repo,
    taskId: task_id,
    image,
    features: features.get(`${repo}/${task_id}`) ?? 2,
  }));
}
