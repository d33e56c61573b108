import { describe, expect, test } from "vitest";
import flash from "../../../benchmark/subsets/flash.json" with { type: "json" };
import lite from "../../../benchmark/subsets/lite.json" with { type: "json" };
import { readTasks, selectTasks, spreadTasks, taskKey, taskName } from "../../../benchmark/tasks.ts";

const all = readTasks();
const names = (tasks: readonly { repo: string; taskId: number }[]) => tasks.map(taskName).sort();

describe("the benchmark's tasks", () => {
  test("are 30, each with an image of its own named after it and a commit", () => {
    expect(all).toHaveLength(30);
    expect(new Set(all.map(taskKey)).size).toBe(30);
    for (const task of all) {
      expect(task.image).toBe(`akhatua/cooperbench-${taskKey(task).replace("-task", ":task")}`);
      expect(task.baseCommit).toMatch(/^[0-9a-f]{40}$/);
    }
  });

  test.each([
    ["lite", lite],
    ["flash", flash],
  ] as const)("of %s are those of the subset's own file", (subset, file) => {
    expect(names(selectTasks(all, subset, []).tasks)).toEqual(
      names(file.tasks.map((task) => ({ repo: task.repo, taskId: task.task_id }))),
    );
  });
});

describe("a filter", () => {
  test("of a repository and a task chooses both", () => {
    const { tasks } = selectTasks(all, "lite", ["go_chi_task", "dspy_task/8394"]);
    expect(names(tasks)).toEqual(["dspy_task/8394", "go_chi_task/26", "go_chi_task/27", "go_chi_task/56"]);
  });

  test("that chooses nothing says why", () => {
    expect(selectTasks(all, "lite", ["dspy_task/8563", "x_task"]).unmatched).toEqual([
      "dspy_task/8563, which is not in subset lite",
      "x_task, which is no task of the benchmark",
    ]);
  });
});

describe("some tasks, spread over the repositories", () => {
  const repositories = new Set(all.map(({ repo }) => repo)).size;

  test("are one of each repository before there are two of any", () => {
    const some = spreadTasks(all, repositories);
    expect(new Set(some.map(({ repo }) => repo)).size).toBe(repositories);
  });

  test("are the same ones and others when there are more of them", () => {
    for (let count = 0; count <= all.length; count += 1)
      expect(spreadTasks(all, count)).toEqual(spreadTasks(all, all.length).slice(0, count));
  });

  test("are all where there are no more", () => {
    expect(names(spreadTasks(all, 99))).toEqual(names(all));
  });
});
