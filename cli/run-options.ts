import { parseOptions } from "./options.ts";

/** What `./machine run` is told. */
export interface RunOptions {
  readonly stack: string;
  /** Name of the run, and of its folder in the checkout's logs. */
  readonly name: string;
  /** Which run of the plan it is, as it was given. */
  readonly setting?: string | undefined;
  /** Arguments of `cooperbench run` that choose a repository of the dataset, and a task of it. */
  readonly narrowed: readonly string[];
  /** Such as go_chi_task, and 27; undefined for all. */
  readonly repo?: string | undefined;
  readonly task?: string | undefined;
}

/** Reads the arguments; undefined where they are not understood. */
export function runOptions(args: readonly string[]): RunOptions | undefined {
  const read = parseOptions(args, {
    name: { type: "string", short: "n" },
    setting: { type: "string" },
    repo: { type: "string", short: "r" },
    task: { type: "string", short: "t" },
  });
  const { name, setting, repo, task } = read?.values ?? {};
  // A run costs money: the stack is named.
  if (read?.stack === undefined || name === undefined || !/^[A-Za-z0-9][\w.-]*$/.test(name)) return undefined;
  if (repo !== undefined && !/^[a-z0-9_]+$/.test(repo)) return undefined;
  if (task !== undefined && (repo === undefined || !/^\d+$/.test(task))) return undefined;
  const narrowed = [...(repo ? ["-r", repo] : []), ...(task ? ["-t", task] : [])];
  return { stack: read.stack, name, setting, narrowed, repo, task };
}
