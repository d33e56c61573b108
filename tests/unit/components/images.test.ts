import { beforeEach, describe, expect, test } from "vitest";
import type { LockedImage, PinnedImage } from "../../../benchmark/images-lock.ts";
import { readTasks, selectTasks, type Task, taskKey } from "../../../benchmark/tasks.ts";
import { BenchmarkImages } from "../../../components/benchmark-images.ts";
import { type EngineImage, seeImage } from "../../../provision/engine/images.ts";
import { lab1 } from "../../owners.ts";
import { type Recorded, recordResources, requestIn, settle } from "../../recording-mocks.ts";

const { tasks } = selectTasks(readTasks(), "lite", []);
const [task] = tasks as readonly [Task];
const locked: LockedImage = {
  digest: `sha256:${"d".repeat(64)}`,
  platform: "linux/amd64",
  imageId: `sha256:${"1".repeat(64)}`,
  compressedBytes: 3,
  layers: {},
  lockedAt: "2026-01-01T00:00:00.000Z",
};
const args = {
  owner: lab1,
  tasks,
  see: (image: PinnedImage) => seeImage([], image, false),
  dockerHost: "unix:///run/engine.sock",
  registryMirror: "",
  pullStallSeconds: 60,
  probeTimeoutSeconds: 7,
};

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
      tasks.map((task) => ({
        name: task.image,
        keepLocally: true,
        triggers: { finding: "it is not on the engine" },
      })),
    );
    expect(probes().map(({ name }) => name)).toEqual(tasks.map((task) => `${taskKey(task)}-probe`));
  });

  test("are told by task: reference, image id, digest, base commit", async () => {
    const { value } = await settle(new BenchmarkImages("images", args).images);
    expect(Object.keys(value)).toEqual(tasks.map(taskKey));
    expect(value[taskKey(task)]).toEqual({
      reference: task.image,
      imageId: `sha256:id-of-${task.image}`,
      digest: `${task.image.replace(/:.*/, "")}@sha256:digest`,
      locked: false,
      platform: "linux/amd64",
      baseCommit: task.baseCommit,
      ...{ runner: "1".repeat(40), changedFiles: 0, lostPrograms: [] },
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

test("the largest image comes first, for the one that is pulled alone at the end should not be the longest", async () => {
  const sized = tasks.map((task, at) => ({ ...task, locked: { ...locked, compressedBytes: at % 7 } }));
  await settle(new BenchmarkImages("images", { ...args, tasks: sized }).verified);
  const bytes = new Map(sized.map(({ image, locked }) => [image, locked.compressedBytes]));
  const order = images().map(({ inputs }) => bytes.get(String(inputs.name)) ?? -1);
  expect(order).toEqual(order.toSorted((a, b) => b - a));
});

test("a probe is linked to its image by id, and is given its task's commit, the engine and its limit", async () => {
  await settle(new BenchmarkImages("images", { ...args, tasks: [task] }).verified);
  expect(probes()[0]?.inputs).toMatchObject({
    interpreter: ["node", "provision/main.ts", "probe"],
    triggers: [`sha256:id-of-${task.image}`, task.baseCommit, ""],
  });
  expect(requestIn(probes()[0])).toEqual({
    revision: 2,
    owner: lab1,
    image: task.image,
    baseCommit: task.baseCommit,
    dockerHost: "unix:///run/engine.sock",
    container: `cooperbench-probe-lab-1-${taskKey(task)}`,
    timeoutSeconds: 7,
  });
});

describe("a locked image", () => {
  const found = (image: Partial<EngineImage>) => [
    { id: `sha256:${"9".repeat(64)}`, references: [task.image], digests: [], ...image },
  ];
  const one = (image: Partial<EngineImage>) =>
    settle(
      new BenchmarkImages("images", {
        ...args,
        tasks: [{ ...task, locked }],
        see: (wanted) => seeImage(found(image), wanted, false),
      }).verified,
    );

  test.each([
    ["by its id and digest", { id: locked.imageId, digests: [locked.digest] }],
    ["by its id", { id: locked.imageId }],
    ["by its digest as id, as with containerd's image store", { id: locked.digest }],
  ])("that the engine has under its tag %s is left as it is", async (_, image) => {
    await one(image);
    expect(images()[0]?.inputs.triggers).toEqual({ digest: locked.digest });
    expect(images()[0]?.options.ignoreChanges).toEqual(["triggers.finding", "triggers.moved"]);
    expect(probes()[0]?.inputs.triggers).toEqual([image.id, task.baseCommit, locked.digest]);
  });

  test("whose tag is at another image is made again", async () => {
    await one({});
    expect(images()[0]?.inputs.triggers).toEqual({
      digest: locked.digest,
      finding: expect.stringMatching(/^the tag is at sha256:9+$/),
    });
    expect(images()[0]?.options.ignoreChanges).toBeUndefined();
  });

  test("is probed for its digest, id and platform, and again when the lock is changed", async () => {
    await one({});
    expect(probes()[0]?.inputs).toMatchObject({
      triggers: [expect.anything(), task.baseCommit, locked.digest],
    });
    const { digest, imageId, platform } = locked;
    expect(requestIn(probes()[0]).locked).toEqual({ digest, imageId, platform });
  });
});
