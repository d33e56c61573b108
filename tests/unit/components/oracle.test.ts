import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, test, vi } from "vitest";
import { readTasks, spreadTasks, taskKey } from "../../../benchmark/tasks.ts";
import { Oracle, type OracleArgs } from "../../../components/oracle.ts";
import { lab1 } from "../../owners.ts";
import { type Recorded, recordResources, requestIn, settle } from "../../recording-mocks.ts";

const tasks = spreadTasks(readTasks(), 3);
const args: OracleArgs = {
  owner: lab1,
  tasks,
  imageIdOf: ({ image }) => pulumi.output(`sha256:id-of-${image}`),
  folder: "/nowhere/CooperBench",
  commit: pulumi.output("c".repeat(40)),
  installed: pulumi.output(`${"c".repeat(40)} 2026-01-01T00:00:00Z`),
  datasetHashOf: (task) => `hash of ${taskKey(task)}`,
  dockerHost: "unix:///run/engine.sock",
  atOnce: 2,
  timeoutSeconds: 7,
};

let recorded: readonly Recorded[];
beforeEach(async () => {
  recorded = await recordResources();
});
const commands = () => recorded.filter(({ type }) => type === "command:local:Command");

test("the oracle is a command for each task, linked to its image and its dataset", async () => {
  expect((await settle(new Oracle("oracle", args).passed)).value).toBe("3/3");
  expect(commands().map(({ name }) => name)).toEqual(tasks.map((task) => `${taskKey(task)}-oracle`));
  const [task] = tasks;
  const folder = `/nowhere/CooperBench/dataset/${task?.repo}/task${task?.taskId}`;
  expect(commands()[0]?.inputs).toMatchObject({
    interpreter: ["node", "provision/main.ts", "oracle"],
    triggers: [`sha256:id-of-${task?.image}`, `hash of ${task && taskKey(task)}`],
  });
  expect(requestIn(commands()[0])).toEqual({
    ...{ revision: 3, commit: "c".repeat(40) },
    owner: lab1,
    image: task?.image,
    imageId: `sha256:id-of-${task?.image}`,
    folder,
    dockerHost: "unix:///run/engine.sock",
    container: `cooperbench-oracle-lab-1-${task && taskKey(task)}`,
    timeoutSeconds: 7,
  });
});

test("a time limit that no evaluation has is said to count as the one that it has", async () => {
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
  await settle(new Oracle("oracle", args).passed);
  expect(warn).not.toHaveBeenCalled();
  await settle(new Oracle("longer", { ...args, timeoutSeconds: 900 }).passed);
  expect(warn.mock.calls.map(([said]) => said)).toEqual([
    "oracleTimeoutSeconds is 900, and counts as 600: CooperBench gives no evaluation more",
  ]);
  warn.mockRestore();
});

test("how many are run at the same time is no matter of a command's inputs", async () => {
  await settle(new Oracle("oracle", args).passed);
  const before = commands().map(({ inputs }) => inputs);
  recorded = await recordResources();
  await settle(new Oracle("oracle", { ...args, atOnce: 1 }).passed);
  expect(commands().map(({ inputs }) => inputs)).toEqual(before);
});

test.each([1, 2])("no more than %i are run at the same time", async (atOnce) => {
  let running = 0;
  let most = 0;
  recorded = await recordResources(async ({ type }) => {
    if (type !== "command:local:Command") return;
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    running -= 1;
  });
  await settle(new Oracle("oracle", { ...args, atOnce }).passed);
  expect([commands().length, most]).toEqual([3, atOnce]);
});

test("an image that is not verified is told as such to its command, which so fails", async () => {
  await settle(new Oracle("oracle", { ...args, imageIdOf: () => pulumi.output(undefined) }).passed);
  expect(requestIn(commands()[0]).imageId).toBe("");
});
