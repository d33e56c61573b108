import { beforeEach, describe, expect, test } from "vitest";
import { BenchmarkImages } from "../../../components/benchmark-images.ts";
import { readTasks, selectTasks, taskKey } from "../../../manifest/tasks.ts";
import { type Recorded, recordResources, settle } from "../../recording-mocks.ts";

const { tasks } = selectTasks(readTasks(), "lite", []);
const args = { tasks, dockerHost: "unix:///run/engine.sock", probeTimeoutSeconds: 7 };

let recorded: readonly Recorded[];
beforeEach(async () => {
  recorded = await recordResources();
});

const ofType = (type: string) => recorded.filter((resource) => resource.type === type);
const images = () => ofType("docker:index/remoteImage:RemoteImage");
const probes = () => ofType("command:local:Command");

describe("the images of lite", () => {
  test("are 26, by their reference, kept on destroy, each with a probe", async () => {
    const benchmark = new BenchmarkImages("images", args);
    expect((await settle(benchmark.verified)).value).toBe("26/26");
    expect(images().map(({ inputs }) => inputs)).toEqual(
      tasks.map((task) => ({ name: task.image, keepLocally: true })),
    );
    expect(probes().map(({ name }) => name)).toEqual(tasks.map((task) => `${taskKey(task)}-probe`));
  });

  test("are told by task: reference, image id, digest, base commit", async () => {
    const { value } = await settle(new BenchmarkImages("images", args).images);
    const [task] = tasks;
    expect(Object.keys(value)).toEqual(tasks.map(taskKey));
    expect(value[taskKey(task as (typeof tasks)[0])]).toEqual({
      reference: task?.image,
      imageId: `sha256:id-of-${task?.image}`,
      digest: `${task?.image.replace(/:.*/, "")}@sha256:digest`,
      baseCommit: task?.baseCommit,
    });
  });

  test("are the same resources whatever the order of the table", async () => {
    await settle(new BenchmarkImages("images", args).verified);
    const sorted = (resources: readonly Recorded[]) => resources.map((one) => JSON.stringify(one)).sort();
    const before = sorted(recorded);
    recorded = await recordResources();
    await settle(new BenchmarkImages("images", { ...args, tasks: tasks.toReversed() }).verified);
    expect(sorted(recorded)).toEqual(before);
  });

  test("are looked for on the engine that is set", async () => {
    await settle(new BenchmarkImages("images", args).verified);
    expect(ofType("pulumi:providers:docker").map(({ inputs }) => inputs.host)).toEqual([
      "unix:///run/engine.sock",
    ]);
  });
});

test("a probe is linked to its image by id, and is given its task's commit, the engine and its limit", async () => {
  const [task] = tasks;
  await settle(new BenchmarkImages("images", { ...args, tasks: tasks.slice(0, 1) }).verified);
  expect(probes()[0]?.inputs).toMatchObject({
    interpreter: ["node", "provision/main.ts", "probe"],
    create: task?.image,
    triggers: [`sha256:id-of-${task?.image}`, task?.baseCommit],
    environment: {
      DOCKER_HOST: "unix:///run/engine.sock",
      BASE_COMMIT: task?.baseCommit,
      CONTAINER: `cooperbench-probe-lab-1-${taskKey(task as (typeof tasks)[0])}`,
      TIMEOUT_SECONDS: "7",
    },
  });
});
