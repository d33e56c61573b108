import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { smokeSubsetFile } from "../../../../benchmark/smoke-subset.ts";
import { ensureSubset, inspectSubset, removeSubset } from "../../../../provision/steps/subset.ts";
import { lab1 } from "../../../owners.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

const tasks = [{ repo: "dspy_task", taskId: 8394, pairs: [[3, 4]] as const }];
let folder: string;
const said: string[] = [];
const say = (line: string) => said.push(line);
let file: string;
beforeEach(() => {
  folder = temporaryFolder("subset-");
  mkdirSync(join(folder, "dataset", "subsets"), { recursive: true });
  file = join(folder, smokeSubsetFile);
});

test("the subset is written as CooperBench reads it, and nothing is wrong with it then", async () => {
  expect(inspectSubset(folder, lab1, tasks)).toBe("it is missing");
  await ensureSubset(folder, lab1, tasks);
  expect(JSON.parse(readFileSync(file, "utf8")).tasks).toEqual([
    { repo: "dspy_task", task_id: 8394, pairs: [[3, 4]] },
  ]);
  expect(inspectSubset(folder, lab1, tasks)).toBeUndefined();
  expect(inspectSubset(folder, lab1, [])).toBe("it has other pairs");
  await ensureSubset(folder, lab1, []);
  expect(inspectSubset(folder, lab1, [])).toBeUndefined();
});

test("it goes on removal, and is missed by nobody", async () => {
  await ensureSubset(folder, lab1, tasks);
  await removeSubset(folder, lab1, tasks, say);
  expect(existsSync(file)).toBe(false);
  await removeSubset(folder, lab1, tasks, say);
});

test("a file of another stack, or of yours, is neither changed nor removed", async () => {
  writeFileSync(file, "mine");
  await expect(ensureSubset(folder, lab1, tasks)).rejects.toThrow(/this stack did not make it[\s\S]*\bmv /);
  await removeSubset(folder, lab1, tasks, say);
  expect(readFileSync(file, "utf8")).toBe("mine");
});

test("one that was changed since is left, with a word; one of another resource without", async () => {
  await ensureSubset(folder, lab1, tasks);
  const written = readFileSync(file, "utf8");
  writeFileSync(file, written.replace("8394", "1"));
  await removeSubset(folder, lab1, tasks, say);
  expect(said).toEqual([`${file} is left: it was changed`]);
  await ensureSubset(folder, { ...lab1, holder: "new" }, tasks);
  expect(inspectSubset(folder, lab1, tasks)).toBeUndefined();
  await removeSubset(folder, lab1, tasks, say);
  expect(existsSync(file)).toBe(true);
  expect(said).toHaveLength(1);
});
