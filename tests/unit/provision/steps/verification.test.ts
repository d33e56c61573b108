import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { readPairs } from "../../../../benchmark/pairs.ts";
import { datasetShape } from "../../../../provision/steps/task-dataset.ts";
import { filesFault, pairsFault } from "../../../../provision/steps/verification.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

const task = "go_chi_task/27";
const all = readPairs("lite").get(task) ?? [];
const seen = { [task]: all };

test("a run is to do the benchmark's pairs, all of them and no others", () => {
  expect(pairsFault(seen, "lite", [task])).toBeUndefined();
  expect(pairsFault({ [task]: all.map(([a, b]) => [b, a] as const) }, "lite", [task])).toBeUndefined();
  // As where all features but two of a task are gone.
  expect(pairsFault({ [task]: all.slice(1) }, "lite", [task])).toBe(
    `cooperbench sees ${all.length - 1} of ${all.length} pairs of lite; missing: ${task} ${all[0]}`,
  );
  expect(pairsFault({ [task]: [...all, [98, 99]] }, "lite", [task])).toBe(
    `cooperbench sees pairs that lite does not have: ${task} 98,99`,
  );
  expect(pairsFault({}, "lite", [task])).toBe(`cooperbench sees 0 of 1 tasks of lite; missing: ${task}`);
  expect(
    pairsFault({ [task]: [...(readPairs("full").get(task) ?? []), [98, 99]] }, "full", [task]),
  ).toBeUndefined();
});

let checkout: string;
const file = (feature: number, name: string) =>
  join(checkout, "dataset/go_chi_task/task27", `feature${feature}`, name);
beforeEach(() => {
  checkout = temporaryFolder("dataset-");
  for (const feature of new Set(all.flat()))
    for (const name of ["feature.md", "tests.patch"]) {
      mkdirSync(dirname(file(feature, name)), { recursive: true });
      writeFileSync(file(feature, name), "x");
    }
});

test.each(["feature.md", "tests.patch"])("a run needs the %s of each of its features", (name) => {
  const [first = 0] = all.flat();
  expect(filesFault(checkout, seen, [task])).toBeUndefined();
  writeFileSync(file(first, name), "");
  expect(filesFault(checkout, seen, [task])).toBe(
    `the dataset lacks 1 files that a run reads: ${file(first, name)}`,
  );
  rmSync(file(first, name));
  expect(filesFault(checkout, seen, [task])).toContain(file(first, name));
});

test("the shape of a dataset is another one where a file is gone, or has another size", () => {
  const tasks = [{ repo: "go_chi_task", taskId: 27 }];
  const [first = 0] = all.flat();
  const shape = datasetShape(checkout, tasks);
  expect(datasetShape(checkout, tasks)).toBe(shape);
  writeFileSync(file(first, "feature.md"), "xx");
  const changed = datasetShape(checkout, tasks);
  rmSync(file(first, "feature.md"));
  expect(new Set([shape, changed, datasetShape(checkout, tasks)]).size).toBe(3);
});
