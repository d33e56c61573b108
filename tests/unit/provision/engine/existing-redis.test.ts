import { describe, expect, test } from "vitest";
import { addressLabel, judgeRedis, portTaken } from "../../../../provision/engine/existing-redis.ts";
import { type EngineContainer, ownerLabels } from "../../../../provision/engine/owned.ts";
import { pong } from "../../../../provision/engine/redis-ping.ts";
import { useVolume } from "../../../../provision/engine/service-records.ts";
import { lab1, lab2 } from "../../../owners.ts";

const address = { host: "127.0.0.1", port: 6379 };
const labelsAt = (port: number) => ({ ...ownerLabels(lab1), [addressLabel]: `127.0.0.1:${port}` });
const dockerHost = "unix:///run/engine.sock";
const own: EngineContainer = {
  id: "c0ffee",
  owner: lab1,
  running: true,
  state: "running",
  labels: labelsAt(6379),
};
const ended = { running: false, state: "exited with 137" };
const judge = (container: EngineContainer | undefined, answer: string | undefined) =>
  judgeRedis({ dockerHost, owner: lab1, address, container, answer });
const kept = ownerLabels(lab1);

describe("a Redis is the stack's own to make or to mend", () => {
  test.each<[string, EngineContainer | undefined, string | undefined, object]>([
    ["nothing is there", undefined, undefined, {}],
    ["its own runs and answers", own, pong, { labels: kept }],
    [
      "its own runs and nobody listens",
      own,
      undefined,
      { finding: expect.stringMatching(/^nobody listens/) },
    ],
    ["its own was killed", { ...own, ...ended }, undefined, { finding: "it is exited with 137" }],
    ["its own runs at an address that was set before", { ...own, labels: labelsAt(6380) }, undefined, {}],
  ])("where %s", (_, container, answer, rest) => {
    expect(judge(container, answer)).toEqual({ kind: "own", ...rest });
  });

  test("where the engine does not answer, so that nothing is taken for gone", () => {
    for (const answer of [pong, undefined])
      expect(judgeRedis({ dockerHost, owner: lab1, address, container: "unknown", answer })).toEqual({
        kind: "own",
        labels: "unknown",
      });
  });

  test.each([
    ["says nothing", "", /gave no answer to a PING/],
    ["is busy", "-BUSY Redis is busy running a script.", /answers "-BUSY/],
    ["wants a password", "-NOAUTH Authentication required.", /answers "-NOAUTH/],
  ])("and is left as it is where it runs and %s, with what helps", (_, answer, found) => {
    expect(judge(own, answer)).toEqual({
      kind: "own",
      labels: kept,
      trouble: {
        found: expect.stringMatching(found),
        remedies: expect.arrayContaining([
          expect.objectContaining({ command: ["docker", "-H", dockerHost, "restart", "cooperbench-redis"] }),
        ]),
      },
    });
  });

  test("and is left as it is where it is paused, which an update ends", () => {
    expect(judge({ ...own, state: "paused" }, "")).toMatchObject({
      kind: "own",
      labels: kept,
      isPaused: true,
      trouble: { remedies: { command: ["./machine", "up", "lab-1"] } },
    });
  });
});

describe("the labels that name the maker stay as they are", () => {
  const at = { [addressLabel]: "127.0.0.1:6379" };
  const older = { stack: "lab-1", id: undefined };
  const renamed = { stack: "lab-old", id: lab1.id };

  test.each([
    ["a stack that was older than ids", older],
    ["a stack that was renamed since", renamed],
  ])("of %s", (_, maker) => {
    const container = { ...own, owner: maker, labels: { ...ownerLabels(maker), ...at } };
    expect(judge(container, pong)).toEqual({ kind: "own", labels: ownerLabels(maker) });
  });

  test("of a stack that was older than ids, and was renamed since: its record tells that it is its own", () => {
    const maker = { stack: "lab-old", id: undefined };
    const container = { ...own, owner: maker, labels: { ...ownerLabels(maker), ...at } };
    const facts = { dockerHost, owner: lab1, address, container, answer: pong };
    expect(judgeRedis(facts)).toMatchObject({ kind: "foreign" });
    const records = [{ volume: "v", kind: "adopted", thing: own.id, owner: lab1 }] as const;
    expect(judgeRedis({ ...facts, records })).toEqual({ kind: "own", labels: ownerLabels(maker) });
  });

  test("but another's of this name is another's", () => {
    const maker = { ...lab2, stack: "lab-1" };
    expect(judge({ ...own, owner: maker, labels: { ...ownerLabels(maker), ...at } }, pong)).toMatchObject({
      kind: "foreign",
    });
  });
});

test("what a stack has left to others is used as theirs while it runs, and is the stack's again when it ended", () => {
  const records = [{ volume: "v", kind: "left", thing: own.id, owner: lab1 }] as const;
  const facts = { dockerHost, owner: lab1, address, records };
  expect(judgeRedis({ ...facts, container: own, answer: pong })).toEqual({
    kind: "foreign",
    identity: own.id,
    isShared: true,
  });
  expect(judgeRedis({ ...facts, container: { ...own, ...ended }, answer: undefined })).toMatchObject({
    kind: "own",
  });
});

test("that the stack uses it is known by its record alone", () => {
  const uses = (owner: typeof lab1) => [{ volume: useVolume("redis", owner), kind: "uses", owner }] as const;
  const facts = { dockerHost, owner: lab1, address, container: own, answer: pong };
  expect(judgeRedis({ ...facts, records: uses(lab1) })).toMatchObject({ isRecorded: true });
  expect(judgeRedis({ ...facts, records: uses(lab2) })).not.toHaveProperty("isRecorded");
});

describe("a Redis is another's, and used,", () => {
  test.each([
    ["where it is no container", undefined],
    ["where it is CooperBench's container", { ...own, owner: undefined, labels: {} }],
    ["where it is another stack's", { ...own, owner: lab2 }],
    ["where it answers in the place of the stack's own, which was killed", { ...own, ...ended }],
    ["where it answers at an address that the stack's own is to move to", { ...own, labels: labelsAt(6380) }],
  ])("%s", (_, container) => {
    expect(judge(container, pong)).toMatchObject({ kind: "foreign" });
  });
});

test("another's is known by its container, or by what it says of itself", () => {
  expect(judge({ ...own, owner: lab2 }, pong)).toEqual({ kind: "foreign", identity: own.id, isShared: true });
  const facts = { dockerHost, owner: lab1, address, container: undefined, answer: pong };
  expect(judgeRedis({ ...facts, runId: "abc" })).toEqual({ kind: "foreign", identity: "abc" });
});

describe("it is told with a remedy", () => {
  test.each([
    ["-NOAUTH Authentication required.", /with "-NOAUTH .*no Redis without a password/],
    ["HTTP/1.1 400 Bad Request", /127\.0\.0\.1:6379 is taken: it answers a PING with "HTTP/],
    ["", /is taken: it answers a PING with ""/],
  ])("that the address is taken by what answers %j", (answer, message) => {
    expect(judge(undefined, answer)).toEqual({
      kind: "conflict",
      found: expect.stringMatching(message),
      remedies: expect.arrayContaining([
        expect.objectContaining({ command: ["./machine", "set", "lab-1", "redisPort", "6380"] }),
      ]),
    });
  });

  test("that the port is another's on this machine, where the engine's Redis is to be reached", () => {
    expect(portTaken("lab-1", address)).toEqual({
      kind: "conflict",
      found: expect.stringContaining("127.0.0.1:6379 is taken on this machine"),
      remedies: expect.arrayContaining([
        expect.objectContaining({ command: ["./machine", "set", "lab-1", "redisPort", "6380"] }),
      ]),
    });
  });

  test.each([
    [{ ...own, owner: undefined, ...ended }, /cooperbench-redis that no stack made \(exited with 137\)/],
    [{ ...own, owner: lab2 }, /cooperbench-redis of stack lab-2 \(running\)/],
  ])("that the name is taken by a container that does not answer", (container, message) => {
    expect(judge(container, undefined)).toEqual({
      kind: "conflict",
      found: expect.stringMatching(message),
      remedies: expect.arrayContaining([
        expect.objectContaining({ command: ["docker", "-H", dockerHost, "rm", "-f", "cooperbench-redis"] }),
      ]),
    });
  });
});
