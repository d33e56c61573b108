/** A copy of this project whose benchmark has each task of lite several times, by other numbers. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SOURCE_COMMIT } from "../rehearsal/source-commit.ts";

const here = resolve(import.meta.dirname, "..");

interface TaskEntry {
  readonly task_id: number;
  readonly image: string;
  readonly subsets: readonly string[];
}

/** Makes the copy in a temporary folder, and gives that. */
export async function projectWithTasks(times: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "many-"));
  const files = execFileSync("git", ["ls-files"], { cwd: here, encoding: "utf8" }).trim().split("\n");
  for (const file of files.filter((name) => !name.startsWith("tests/")))
    cpSync(join(here, file), join(folder, file));
  symlinkSync(join(here, "node_modules"), join(folder, "node_modules"));
  const copies = <T>(task: T & { readonly task_id: number }): readonly T[] =>
    Array.from({ length: times }, (_, copy) => ({ ...task, task_id: copy * 100_000 + task.task_id }));
  change(folder, "tasks.json", ({ tasks, ...more }) => ({
    ...more,
    tasks: (tasks as TaskEntry[])
      .flatMap((task) => (task.subsets.includes("lite") ? copies(task) : [task]))
      .map((task) => ({ ...task, image: task.image.replace(/task\d+$/, `task${task.task_id}`) })),
  }));
  change(folder, "subsets/lite.json", ({ tasks, ...more }) => ({
    ...more,
    tasks: (tasks as TaskEntry[]).flatMap((task) => copies(task)),
  }));
  // Of more tasks the source repository is another.
  const { commitSource } = await import(join(folder, "rehearsal", "source.ts"));
  const commit: string = await commitSource(join(folder, "CooperBench.git"), console.error);
  const pinned = join(folder, "rehearsal", "source-commit.ts");
  writeFileSync(pinned, readFileSync(pinned, "utf8").replaceAll(SOURCE_COMMIT, commit));
  return folder;
}

export function removeProject(folder: string): void {
  rmSync(folder, { recursive: true });
}

function change(
  folder: string,
  name: string,
  into: (content: Record<string, unknown>) => Record<string, unknown>,
): void {
  const file = join(folder, "benchmark", name);
  writeFileSync(file, JSON.stringify(into(JSON.parse(readFileSync(file, "utf8")))));
}
