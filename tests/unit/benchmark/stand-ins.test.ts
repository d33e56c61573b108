import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { COMMITS, MARK, tasksOn } from "../../../benchmark/stand-ins.ts";
import { readTasks, taskName } from "../../../benchmark/tasks.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const [task, ...others] = readTasks();
if (task === undefined) throw new Error("the benchmark has no task");
const commit = "0".repeat(40);
const tasks = [task, ...others];
const atStandIns = [{ ...task, baseCommit: commit }, ...others];

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("stand-ins-");
  writeFileSync(join(folder, "docker.sock"), "");
  writeFileSync(join(folder, MARK), "");
  writeFileSync(join(folder, COMMITS), JSON.stringify({ [taskName(task)]: commit }));
});

test("in a rehearsal the commits are those of its stand-ins, by whatever name its socket is called", () => {
  expect(tasksOn(tasks, `unix://${folder}/docker.sock`)).toEqual(atStandIns);
  const link = join(temporaryFolder("stand-ins-"), "engine.sock");
  symlinkSync(join(folder, "docker.sock"), link);
  expect(tasksOn(tasks, `unix://${link}`)).toEqual(atStandIns);
});

test("they count for no other engine", () => {
  const other = temporaryFolder("stand-ins-");
  writeFileSync(join(other, "docker.sock"), "");
  writeFileSync(join(other, COMMITS), JSON.stringify({ [taskName(task)]: commit }));
  for (const dockerHost of [
    `unix://${other}/docker.sock`,
    "tcp://10.0.0.1:2375",
    `unix://${folder}/none.sock`,
  ])
    expect(tasksOn(tasks, dockerHost)).toEqual(tasks);
});

test("until they are made, and where the file is cut off, those of the benchmark count", () => {
  writeFileSync(join(folder, COMMITS), '{"go_chi');
  expect(tasksOn(tasks, `unix://${folder}/docker.sock`)).toEqual(tasks);
});
