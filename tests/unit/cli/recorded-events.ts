/** Operations as the engine's events have recorded them, with paths and ids of a machine that nobody has. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LockedTask } from "../../../benchmark/images-lock.ts";
import { readTasks } from "../../../benchmark/tasks.ts";
import { Course } from "../../../cli/course.ts";
import { readEvents } from "../../../cli/events.ts";

const folder = join(import.meta.dirname, "../../fixtures/events");

/** An event log. */
export function recordedText(name: string): string {
  return readFileSync(join(folder, `${name}.jsonl`), "utf8");
}

/** What it comes to. */
export function recorded(name: string, course = new Course()): Course {
  for (const event of readEvents(recordedText(name))) course.take(event);
  return course;
}

/** The tasks of repositories, each with two layers in its lock, one of them shared. */
export function tasksOf(...repositories: readonly string[]): readonly LockedTask[] {
  return readTasks()
    .filter(({ repo }) => repositories.includes(repo))
    .map((task) => ({
      ...task,
      locked: {
        ...{ digest: "sha256:1", platform: "linux/amd64", imageId: "sha256:2", compressedBytes: 2_900_000 },
        layers: { [`sha256:${"a".repeat(64)}`]: 2_000_000, [`sha256:${task.taskId}`]: 900_000 },
        lockedAt: "2026-01-02T03:04:05.678Z",
      },
    }));
}
