import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { memoryLimitBytes, oraclesAtOnce } from "../../../../benchmark/capacity.ts";
import { assertDataset, datasetHash, featuresOf } from "../../../../provision/steps/task-dataset.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

const gib = 2 ** 30;
test.each([
  [{ cpus: 16, memoryBytes: 64 * gib }, 16, 32],
  [{ cpus: 16, memoryBytes: 9 * gib }, 4, 4.5],
  [{ cpus: 2, memoryBytes: 24 * gib }, 2, 12],
  [{ cpus: 8, memoryBytes: gib }, 1, 2],
])("an engine with %j runs %d at once, with at most %d GiB each", (capacity, atOnce, limit) => {
  expect(oraclesAtOnce(capacity)).toBe(atOnce);
  expect(memoryLimitBytes(capacity)).toBe(limit * gib);
});

describe("a task's dataset", () => {
  let folder: string;
  const write = (path: string, text: string) => writeFileSync(join(folder, path), text);
  beforeEach(() => {
    folder = temporaryFolder("task-");
    for (const number of [10, 2]) {
      mkdirSync(join(folder, `feature${number}`));
      write(`feature${number}/feature.patch`, `gold ${number}`);
      write(`feature${number}/tests.patch`, `tests ${number}`);
    }
    write("runner.sh", "run");
    write("combined.patch", "all");
  });

  test("has its features by number", () => {
    expect(featuresOf(folder)).toEqual([2, 10]);
    expect(featuresOf(join(folder, "nowhere"))).toEqual([]);
  });

  test.each(["runner.sh", "feature2/feature.patch", "feature2/tests.patch"])(
    "has another hash when %s is another, or is gone",
    (path) => {
      const before = datasetHash(folder);
      write(path, "another");
      const after = datasetHash(folder);
      rmSync(join(folder, path));
      expect(new Set([before, after, datasetHash(folder)]).size).toBe(3);
      expect(() => assertDataset(folder, 2)).toThrow(`the dataset has no ${join(folder, path)}\nFix: git `);
    },
  );

  test("keeps its hash when what the oracle does not run is another", () => {
    const before = datasetHash(folder);
    write("combined.patch", "another");
    write("feature10/tests.patch", "another");
    expect(datasetHash(folder)).toBe(before);
  });
});
