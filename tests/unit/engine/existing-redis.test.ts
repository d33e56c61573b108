import { describe, expect, test } from "vitest";
import { addressLabel, judgeRedis, portTaken } from "../../../engine/existing-redis.ts";
import { type EngineContainer, ownerLabels } from "../../../engine/owned.ts";
import { pong } from "../../../engine/redis-ping.ts";
import { lab1, lab2 } from "../../owners.ts";

const address = { host: "127.0.0.1", port: 6379 };
const labelsAt = (port: number) => ({ ...ownerLabels(lab1), [addressLabel]: `127.0.0.1:${port}` });
const own: EngineContainer = {
  owner: lab1,
  running: true,
  state: "running",
  labels: labelsAt(6379),
};
const ended = { running: false, state: "exited with 137" };
const judge = (container: EngineContainer | undefined, answer: string | undefined) =>
  judgeRedis({ owner: lab1, address, container, answer });

describe("a Redis is the stack's own to make or to mend", () => {
  test.each([
    ["nothing is there", undefined, undefined, undefined],
    ["its own runs and answers", own, pong, undefined],
    ["its own runs and does not answer", own, "", "it does not answer at 127.0.0.1:6379"],
    ["its own was killed", { ...own, ...ended }, undefined, "it is exited with 137"],
    [
      "its own runs at an address that was set before",
      { ...own, labels: labelsAt(6380) },
      undefined,
      undefined,
    ],
  ])("where %s", (_, container, answer, finding) => {
    expect(judge(container, answer)).toEqual(
      finding === undefined ? { kind: "own" } : { kind: "own", finding },
    );
  });
});

describe("a Redis is another's, and used,", () => {
  test.each([
    ["where it is no container", undefined],
    ["where it is CooperBench's container", { ...own, owner: undefined, labels: {} }],
    ["where it is another stack's", { ...own, owner: lab2 }],
    ["where it answers in the place of the stack's own, which was killed", { ...own, ...ended }],
    ["where it answers at an address that the stack's own is to move to", { ...own, labels: labelsAt(6380) }],
  ])("%s", (_, container) => {
    expect(judge(container, pong)).toEqual({ kind: "foreign" });
  });
});

describe("it is told with a remedy", () => {
  test.each([
    ["-NOAUTH Authentication required.", /got "-NOAUTH .*want a Redis without password/],
    ["HTTP/1.1 400 Bad Request", /127\.0\.0\.1:6379 is taken: got "HTTP/],
    ["", /is taken: got ""/],
  ])("that the address is taken by what answers %j", (answer, message) => {
    expect(judge(undefined, answer)).toEqual({
      kind: "conflict",
      found: expect.stringMatching(message),
      remedy: expect.stringContaining("set redisPort 6380 --stack lab-1"),
    });
  });

  test("that the port is another's on this machine, where the engine's Redis is to be reached", () => {
    expect(portTaken("lab-1", address)).toEqual({
      kind: "conflict",
      found: expect.stringContaining("127.0.0.1:6379 is taken on this machine"),
      remedy: expect.stringContaining("./machine pulumi config set redisPort 6380 --stack lab-1"),
    });
  });

  test.each([
    [{ ...own, owner: undefined, ...ended }, /cooperbench-redis that no stack has made \(exited with 137\)/],
    [{ ...own, owner: lab2 }, /cooperbench-redis of stack lab-2 \(running\)/],
  ])("that the name is taken by a container that does not answer", (container, message) => {
    expect(judge(container, undefined)).toEqual({
      kind: "conflict",
      found: expect.stringMatching(message),
      remedy: expect.stringContaining("docker rm -f"),
    });
  });
});
