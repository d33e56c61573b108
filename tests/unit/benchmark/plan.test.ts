import { expect, test } from "vitest";
import { fewPairs, readPairs } from "../../../benchmark/pairs.ts";
import { concurrencyFor, runPlan } from "../../../benchmark/plan.ts";
import { readTasks, selectTasks } from "../../../benchmark/tasks.ts";

const facts = {
  stack: "lab-1",
  folder: "/srv/CooperBench",
  dockerHost: "unix:///var/run/docker.sock",
  model: "cohere/command-a-03-2025",
  subset: "lite",
  smokePairs: 5,
  capacity: { cpus: 2, memoryBytes: 24e9 },
};

test.each([
  [2, 24e9, 4, 2],
  [64, 512e9, 30, 10],
  [16, 16e9, 4, 7],
  [1, 1e9, 1, 1],
  [0, 0, 1, 1],
])("%d processors and %d bytes run %d pairs and %d evaluations", (cpus, memoryBytes, pairs, evaluations) => {
  expect(concurrencyFor({ capacity: { cpus, memoryBytes } })).toMatchObject({ pairs, evaluations });
});

test.each([
  [100e9, 4],
  [9e9, 2],
  [1e9, 1],
])("%d bytes free on the disk run %d pairs", (freeBytes, pairs) => {
  const { reason, ...fitted } = concurrencyFor({ capacity: { cpus: 2, memoryBytes: 24e9 }, freeBytes });
  expect(fitted.pairs).toBe(pairs);
  expect(reason).toContain(`${freeBytes / 1e9} GB free`);
});

test("an engine that did not answer is not one of 0 processors", () => {
  const { reason, pairs } = concurrencyFor({ capacity: undefined });
  expect(pairs).toBe(1);
  expect(reason).toMatch(/did not answer.*not known/);
});

test("a folder with blanks is one word of the shell", () => {
  expect(runPlan({ ...facts, folder: "/srv/my own's/CooperBench" })).toContain(
    "cd '/srv/my own'\\''s/CooperBench'\n",
  );
});

test("the plan has the machine's folder, engine, subset and numbers", () => {
  const plan = runPlan(facts);
  expect(plan).toContain("cd /srv/CooperBench\nexport DOCKER_HOST=unix:///var/run/docker.sock\n");
  expect(plan).toContain(
    ".venv/bin/cooperbench run -n solo -s lite --setting solo -m cohere/command-a-03-2025 -c 4 --eval-concurrency 2\n",
  );
  expect(plan).toContain("-n smoke -s machine-smoke --setting solo");
  expect(plan).toContain("-n coop-silent -s lite --setting coop --no-messaging");
  expect(runPlan({ ...facts, subset: "full" })).toContain("-n solo --setting solo");
});

test("folders with spaces and quotes are one word of a shell", () => {
  const plan = runPlan({ ...facts, folder: "/srv/it's a lab/$HOME", dockerHost: "unix:///a b.sock" });
  expect(plan).toContain("cd '/srv/it'\\''s a lab/$HOME'\nexport DOCKER_HOST='unix:///a b.sock'\n");
});

test("a stack with the images of some tasks alone is told to run no others", () => {
  const onlyTasks = ["dspy_task/8394", "go_chi_task/26", "go_chi_task/27", "go_chi_task/56"];
  const plan = runPlan({ ...facts, onlyTasks });
  expect(plan).toContain(`these tasks alone: ${onlyTasks.join(", ")}.`);
  // Whole, as they are typed: a repository of which it has all, and a task of another.
  expect(plan.match(/run -n solo .* --setting/g)).toEqual([
    "run -n solo -s lite -r dspy_task -t 8394 --setting",
    "run -n solo -s lite -r go_chi_task --setting",
  ]);
  expect(plan.match(/run -n smoke .*/g)).toHaveLength(1);
  expect(runPlan(facts)).not.toContain("alone");
});

test.each([
  ["without services, none is named", undefined, "--setting coop -m"],
  [
    "a Redis where CooperBench looks is not named",
    { redis: "127.0.0.1:6379", git: false },
    "--setting coop -m",
  ],
  ["another is", { redis: "10.0.0.5:6380", git: false }, "--setting coop --redis redis://10.0.0.5:6380 -m"],
  ["a git server is asked for", { redis: "127.0.0.1:6379", git: true }, "--setting coop --git -m"],
])("%s", (_, services, options) => {
  expect(/run -n coop .*/.exec(runPlan({ ...facts, services }))?.[0]).toContain(options);
});

test("the smoke run's pairs are of as many repositories as there are, and of the subset", () => {
  const { tasks } = selectTasks(readTasks(), "lite", []);
  const pairs = readPairs("lite");
  const few = fewPairs(tasks, pairs, 5);
  expect(new Set(few.map(({ repo }) => repo)).size).toBe(5);
  for (const { repo, taskId, pairs: chosen } of few) {
    expect(chosen).toHaveLength(1);
    expect(pairs.get(`${repo}/${taskId}`)).toContainEqual(chosen[0]);
  }
});

test("a narrow choice of tasks gives as many as it has", () => {
  const { tasks } = selectTasks(readTasks(), "lite", ["go_chi_task"]);
  expect(fewPairs(tasks, readPairs("lite"), 5).map(({ taskId }) => taskId)).toEqual([26, 27, 56]);
  expect(fewPairs([], readPairs("lite"), 5)).toEqual([]);
});

test("lite has 100 pairs, flash 50", () => {
  const count = (subset: "lite" | "flash") => [...readPairs(subset).values()].flat().length;
  expect([count("lite"), count("flash")]).toEqual([100, 50]);
});
