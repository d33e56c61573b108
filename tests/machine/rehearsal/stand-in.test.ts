import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { commitFiles, type TreeFile } from "../../../rehearsal/git-history.ts";
import { datasetFiles, repositoryFiles } from "../../../rehearsal/stand-in.ts";
import { readTasks, SUBSETS, subsetText } from "../../../rehearsal/tasks.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const task = { repo: "go_chi_task", taskId: 26, image: "akhatua/cooperbench-go-chi:task26", features: 4 };

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("stand-in-");
});

test("the manifest's 30 tasks have every feature that a subset's pair names", () => {
  const tasks = readTasks();
  expect(tasks).toHaveLength(30);
  for (const name of SUBSETS)
    for (const { repo, task_id, pairs } of JSON.parse(subsetText(name)).tasks) {
      const found = tasks.find((candidate) => candidate.repo === repo && candidate.taskId === task_id);
      expect(Math.max(...pairs.flat())).toBeLessThanOrEqual(found?.features ?? 0);
    }
});

test("the dataset has the real one's layout", () => {
  const paths = datasetFiles({ ...task, features: 2 }).map(({ path }) =>
    path.replace("dataset/go_chi_task/task26/", ""),
  );
  expect(paths.sort()).toEqual([
    "combined.patch",
    ...["feature1/feature.md", "feature1/feature.patch", "feature1/tests.patch"],
    ...["feature2/feature.md", "feature2/feature.patch", "feature2/tests.patch"],
    "runner.sh",
  ]);
});

test("a stand-in's commit is the same on every machine", async () => {
  const commit = await commitFiles(join(folder, "git"), repositoryFiles(task), "Begin", true);
  expect(commit).toBe("4a3db0473f81a2ad3683e6872fd78644bfbd3097");
});

describe("the patches of a task", () => {
  beforeEach(() => write(repositoryFiles(task)));

  test("fail the test of a feature without the feature, and pass it with it", () => {
    for (let number = 1; number <= task.features; number++) {
      apply(`feature${number}/tests.patch`);
      expect(testsPass()).toBe(false);
      apply(`feature${number}/feature.patch`);
      expect(testsPass()).toBe(true);
    }
  });

  test("fit no other task: in its image each is refused", () => {
    write(repositoryFiles({ ...task, taskId: 27 }));
    for (let number = 1; number <= task.features; number++)
      expect(() => apply(`feature${number}/feature.patch`)).toThrow(/patch does not apply/);
  });

  test("combined is all features at once", () => {
    apply("combined.patch");
    for (let number = 1; number <= task.features; number++) apply(`feature${number}/tests.patch`);
    expect(testsPass()).toBe(true);
  });

  test("end with a count that CooperBench reads, which takes no feature for passed without one", () => {
    apply("feature1/tests.patch");
    apply("feature1/feature.patch");
    const output = execFileSync("sh", ["tests/run.sh"], { cwd: folder, encoding: "utf8" });
    expect(output).toMatch(/\n2 passed, 0 failed\n$/);
  });
});

function write(files: readonly TreeFile[]): void {
  for (const { path, bytes, mode } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes, { mode });
  }
}

function apply(name: string): void {
  const patch = datasetFiles(task).find(({ path }) => path.endsWith(`task26/${name}`));
  // GIT_CEILING_DIRECTORIES: the temporary folder is no repository, and none above it counts.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) };
  execFileSync("git", ["apply", "-"], { cwd: folder, input: patch?.bytes ?? "", env });
}

function testsPass(): boolean {
  try {
    execFileSync("sh", ["tests/run.sh"], { cwd: folder, stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}
