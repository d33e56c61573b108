import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test } from "vitest";
import { CoopServices, type CoopServicesArgs } from "../../../components/coop-services.ts";
import { lab1 } from "../../owners.ts";
import { findingIn, type Recorded, recordResources, requestIn, settle } from "../../recording-mocks.ts";

let recorded: readonly Recorded[];
beforeEach(async () => {
  recorded = await recordResources();
});

const git = { container: "own", network: "own", volume: "own" } as const;

async function services(args: Partial<CoopServicesArgs> = {}) {
  const coop = new CoopServices("coop", {
    owner: lab1,
    redis: { host: "127.0.0.1", port: 6379 },
    existingRedis: { kind: "own" },
    redisImage: { image: "redis:alpine" },
    redisNetwork: "bridge",
    existingGit: undefined,
    gitBaseImage: { image: "debian:bookworm-slim" },
    see: () => ({ isThere: false, finding: "it is not on the engine (repair r1)" }),
    gitImageFinding: undefined,
    repair: "r1",
    dockerHost: "unix:///run/engine.sock",
    registryMirror: "",
    pullStallSeconds: 60,
    folder: "/nowhere/CooperBench",
    cli: new pulumi.ComponentResource("cooperbench:cli:CooperBenchCli", "cli"),
    of: ["commit and environment"],
    ...args,
  });
  return (await settle(coop.verified)).value;
}

const inputsOf = (name: string) => recorded.find((resource) => resource.name === name)?.inputs;
const named = (name: string) => recorded.find((resource) => resource.name === name);
const requestOf = (name: string) => requestIn(named(name));
const findingOf = (name: string) => findingIn(named(name));
const made = () => recorded.filter(({ type }) => /^(docker|command):/.test(type)).map(({ name }) => name);
const labelsOf = (name: string) =>
  Object.fromEntries(
    (inputsOf(name)?.labels as { label: string; value: string }[] | undefined)?.map((label) => [
      label.label,
      label.value,
    ]) ?? [],
  );

describe("Redis", () => {
  test("has CooperBench's name and port, and is published on loopback alone", async () => {
    expect(await services()).toEqual({ redis: "127.0.0.1:6379", redisVersion: "8.0.0", redisOwn: true });
    expect(made()).toEqual([
      "coop-redis-use",
      "coop-redis-image",
      "coop-redis-container",
      "coop-verification",
    ]);
    expect(inputsOf("coop-redis-image")).toEqual({
      name: "redis:alpine",
      keepLocally: true,
      triggers: { finding: "it is not on the engine (repair r1)" },
    });
    expect(inputsOf("coop-redis-container")).toMatchObject({
      name: "cooperbench-redis",
      image: "sha256:id-of-redis:alpine",
      networkMode: "bridge",
      ports: [{ internal: 6379, external: 6379, ip: "127.0.0.1" }],
      restart: "unless-stopped",
      memory: 512,
      healthcheck: { tests: ["CMD", "redis-cli", "-h", "127.0.0.1", "-p", "6379", "ping"] },
    });
    expect(labelsOf("coop-redis-container")).toEqual({
      "cooperbench-machine.stack": "lab-1",
      "cooperbench-machine.stack-id": lab1.id,
      "cooperbench-machine.finding": "there was none (repair r1)",
      "cooperbench-machine.address": "127.0.0.1:6379",
    });
  });

  test("binds to its address itself where it has the machine's network", async () => {
    await services({ redisNetwork: "host", redis: { host: "127.0.0.1", port: 6380 } });
    const inputs = inputsOf("coop-redis-container");
    expect(inputs).toMatchObject({ networkMode: "host" });
    expect(inputs).not.toHaveProperty("ports");
    expect((inputs?.command as string[] | undefined)?.slice(0, 5)).toEqual([
      "redis-server",
      "--bind",
      "127.0.0.1",
      "--port",
      "6380",
    ]);
  });

  test("is pinned by its digest where that is known", async () => {
    const digest = `sha256:${"a".repeat(64)}`;
    await services({ redisImage: { image: "redis:alpine", locked: { digest } } });
    expect(inputsOf("coop-redis-image")).toMatchObject({ triggers: { digest } });
  });

  test("is used and verified, with nothing made, where another has started one", async () => {
    expect(await services({ existingRedis: { kind: "foreign" } })).toMatchObject({ redisOwn: false });
    expect(made()).toEqual(["coop-verification"]);
  });

  test("is not made where something is in its way, which a failing command tells", async () => {
    const conflict = { found: "6379 is taken", remedies: { advice: "stop it" } };
    await services({ existingRedis: { kind: "conflict", ...conflict } });
    expect(made()).toEqual(["coop-verification"]);
    expect(requestOf("coop-verification")).toMatchObject({ conflict });
  });
});

describe("the git server", () => {
  test("has image, network, volume and container under CooperBench's names, and no port of the machine", async () => {
    expect(await services({ existingGit: git })).toMatchObject({
      git: "git://cooperbench-git:9418",
      gitOwn: true,
    });
    expect(inputsOf("coop-git-network")).toMatchObject({ name: "cooperbench", driver: "bridge" });
    expect(inputsOf("coop-git-volume")).toMatchObject({ name: "cooperbench-git-data" });
    const container = inputsOf("coop-git-container");
    expect(container).toMatchObject({
      name: "cooperbench-git",
      image: "sha256:id-of-git-server",
      networkMode: "cooperbench",
      volumes: [{ volumeName: "cooperbench-git-data", containerPath: "/git" }],
      restart: "unless-stopped",
    });
    expect(container).not.toHaveProperty("ports");
  });

  test.each([
    ["network", "coop-git-network"],
    ["volume", "coop-git-volume"],
  ] as const)("uses a %s that another has made", async (thing, name) => {
    await services({ existingGit: { ...git, [thing]: "foreign" } });
    expect(made()).not.toContain(name);
    expect(made()).toContain("coop-git-container");
  });

  test("is used and verified, with nothing made, where another has started one", async () => {
    const all = { container: "foreign", network: "foreign", volume: "foreign" } as const;
    expect(await services({ existingGit: all })).toMatchObject({ gitOwn: false });
    expect(made()).not.toContain("coop-git-use");
    expect(made()).not.toContain("coop-git-container");
  });
});

describe("labels of what stays as it is", () => {
  const older = { "cooperbench-machine.stack": "lab-1" };
  const renamed = { "cooperbench-machine.stack": "lab-old", "cooperbench-machine.stack-id": lab1.id ?? "" };

  test.each([
    ["an older", older],
    ["a renamed", renamed],
  ])("are those that %s stack has given it, exactly", async (_, labels) => {
    await services({
      existingRedis: { kind: "own", labels },
      existingGit: { ...git, labels: { container: labels, network: labels, volume: labels } },
    });
    expect(labelsOf("coop-redis-container")).toEqual({
      ...labels,
      "cooperbench-machine.address": "127.0.0.1:6379",
    });
    for (const name of ["container", "network", "volume"])
      expect(labelsOf(`coop-git-${name}`)).toEqual(labels);
  });

  test("are the stack's where the container is made again, with what was wrong", async () => {
    await services({ existingRedis: { kind: "own", finding: "it is exited with 137" } });
    expect(labelsOf("coop-redis-container")).toMatchObject({
      "cooperbench-machine.stack-id": lab1.id,
      "cooperbench-machine.finding": "it is exited with 137 (repair r1)",
    });
  });

  test("do not tell that an older thing is the stack's, so that this is noted once it is in the state", async () => {
    await services({
      existingRedis: { kind: "own", labels: older },
      existingGit: { ...git, labels: { network: older, container: renamed } },
    });
    expect(requestOf("coop-verification").adopted).toEqual({
      redis: ["coop-redis-container"],
      git: ["coop-git-network"],
    });
  });

  test("stay as the state has them where the engine does not tell them", async () => {
    await services({
      existingRedis: { kind: "own", labels: "unknown" },
      existingGit: { ...git, labels: "unknown" },
    });
    const ignored = ["redis-container", "git-container", "git-network", "git-volume"].map(
      (name) => named(`coop-${name}`)?.options.ignoreChanges,
    );
    expect(ignored).toEqual([["labels", "envs"], ["labels", "envs"], ["labels"], ["labels"]]);
    recorded = await recordResources();
    await services({
      existingRedis: { kind: "own", labels: older },
      existingGit: { ...git, labels: { container: older, network: older, volume: older } },
    });
    const known = ["git-network", "git-volume", "redis-container", "git-container"].map(
      (name) => named(`coop-${name}`)?.options.ignoreChanges,
    );
    expect(known).toEqual([undefined, undefined, ["envs"], ["envs"]]);
  });

  test("tell it of what the stack has made with its id", async () => {
    await services({ existingRedis: { kind: "own", labels: renamed } });
    expect(requestOf("coop-verification")).not.toHaveProperty("adopted");
  });
});

describe("the use of a service that stacks share is noted", () => {
  test.each<[string, Partial<CoopServicesArgs>, string]>([
    ["of the stack's own Redis", {}, "coop-redis-use"],
    ["of another stack's", { existingRedis: { kind: "foreign", isShared: true } }, "coop-redis-use"],
    ["of the stack's own git server", { existingGit: git }, "coop-git-use"],
    ["of another stack's", { existingGit: { ...git, container: "foreign", isShared: true } }, "coop-git-use"],
  ])("%s", async (_, args, name) => {
    await services(args);
    expect(inputsOf(name)).toMatchObject({ create: "make", update: "ensure", delete: "remove" });
    // A trigger would replace it, and with it all that goes with it.
    expect(inputsOf(name)).not.toHaveProperty("triggers");
    expect(requestOf(name)).toMatchObject({ wish: "record", owner: lab1 });
    expect(findingOf(name)).toContain("no record");
  });

  test("once more changes nothing", async () => {
    await services({ existingRedis: { kind: "own", isRecorded: true } });
    expect(findingOf("coop-redis-use")).toBeUndefined();
  });

  test("not of a Redis or a git server that no stack has made", async () => {
    await services({
      existingRedis: { kind: "foreign", isShared: false },
      existingGit: { ...git, container: "foreign", isShared: false },
    });
    expect(made()).toEqual(["coop-verification"]);
  });

  test("and stays as it is while something is in the way, or the engine does not answer", async () => {
    const trouble = { found: "6379 is taken", remedies: { advice: "stop it" } };
    await services({ existingRedis: { kind: "conflict", isRecorded: true, ...trouble } });
    expect(requestOf("coop-redis-use").wish).toBe("keep");
    recorded = await recordResources();
    await services({ existingRedis: { kind: "own", labels: "unknown" } });
    expect(requestOf("coop-redis-use").wish).toBe("keep");
  });
});

test("a Redis that is there and does not answer stays, and a failing command says so", async () => {
  const trouble = { found: "it says nothing", remedies: { advice: "see what it does" } };
  const labels = { "cooperbench-machine.stack": "lab-1", "cooperbench-machine.stack-id": lab1.id ?? "" };
  await services({ existingRedis: { kind: "own", labels, trouble } });
  expect(inputsOf("coop-redis-container")).not.toHaveProperty("envs");
  expect(requestOf("coop-verification").conflict).toEqual(trouble);
});

test.each<[string, Partial<CoopServicesArgs>]>([
  ["another's Redis is replaced", { existingRedis: { kind: "foreign", identity: "other" } }],
  ["another's git server is replaced", { existingGit: { ...git, container: "foreign", identity: "other" } }],
  ["the environment that holds the clients changes", { of: ["another environment"] }],
])("the services are verified again where %s", async (_, change) => {
  const before = {
    existingRedis: { kind: "foreign", identity: "one" },
    existingGit: { ...git, container: "foreign", identity: "one" },
  } as const;
  const triggers = async (args: Partial<CoopServicesArgs>) => {
    recorded = await recordResources();
    await services(args);
    return inputsOf("coop-verification")?.triggers;
  };
  const first = await triggers(before);
  expect(await triggers(before)).toEqual(first);
  expect(await triggers({ ...before, ...change })).not.toEqual(first);
});

test("what is the stack's own and paused is a finding of the proof, whose step has it go on", async () => {
  const trouble = { found: "it is paused", remedies: { advice: "end that" } };
  await services({ existingRedis: { kind: "own", labels: "unknown", trouble, isPaused: true } });
  expect(requestOf("coop-verification").conflict).toBeUndefined();
  expect(findingOf("coop-verification")).toBe("Redis is paused");
});
