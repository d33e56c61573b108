import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { proofNames } from "../../checks/status/names.ts";
import { programConfiguration } from "../configuration.ts";
import { type Recorded, recordResources, settle } from "../recording-mocks.ts";

let recorded: readonly Recorded[];
beforeEach(async () => {
  recorded = await recordResources();
  vi.resetModules();
});

function program(values: Record<string, unknown> = {}) {
  pulumi.runtime.setAllConfig(
    programConfiguration({
      cohereApiKey: "canary",
      cooperbenchDir: "/nowhere/CooperBench",
      dockerHost: "unix:///nowhere/docker.sock",
      ...values,
    }),
  );
  return import("../../index.ts");
}

describe("a stack with nothing but a key", () => {
  test("has 26 images, the command line, the credentials and a plan", async () => {
    const { verified, cooperbench, subset, oracle, coop } = await program();
    expect(subset).toBe("lite");
    expect(oracle).toBe(null);
    expect(coop).toBe(null);
    expect((await settle(verified)).value).toBe("26/26");
    expect((await settle(pulumi.output(cooperbench))).value).toEqual({
      version: "0.0.0",
      commit: "c".repeat(40),
      folder: "/nowhere/CooperBench",
      pythonVersion: "3.12.4",
    });
    const components = recorded.filter(({ type }) => type.startsWith("cooperbench:")).map(({ type }) => type);
    expect(components.sort()).toEqual([
      "cooperbench:cli:CooperBenchCli",
      "cooperbench:credentials:Credentials",
      "cooperbench:credentials:ModelRoute",
      ...Array(26).fill("cooperbench:images:BenchmarkImage"),
      "cooperbench:images:BenchmarkImages",
      "cooperbench:plan:RunPlan",
      "cooperbench:stack:StackIdentity",
    ]);
    // First of all, so that the state knows whose it is however soon an update is cut off.
    expect(recorded.filter(({ type }) => type !== "pulumi:pulumi:Stack")[0]?.type).toBe(
      "cooperbench:stack:StackIdentity",
    );
  });

  test("has the id that its settings give, or none", async () => {
    const id = "11111111-1111-4111-8111-111111111111";
    expect((await settle((await program({ stackId: id })).stackId)).value).toBe(id);
    vi.resetModules();
    expect((await settle((await program()).stackId)).value).toBe(null);
  });

  test("gives the key and the environment as secrets, and the rest in clear", async () => {
    const outputs = await program();
    const secret = async (output: unknown) => (await settle(pulumi.output(output))).secret;
    expect(await secret(outputs.cohereApiKey)).toBe(true);
    expect(await secret(outputs.environment)).toBe(true);
    expect((await settle(outputs.route)).value).toBe("https://stg.api.cohere.com/v2/chat");
    for (const output of [
      outputs.route,
      outputs.images,
      outputs.verified,
      outputs.cooperbench,
      outputs.readme,
      outputs.modelApiBase,
    ]) {
      expect(await secret(output)).toBe(false);
    }
  });

  test("tells the next steps with the real paths and without the key", async () => {
    const { readme } = await program();
    const { value } = await settle(readme);
    expect(value).toContain("cd /nowhere/CooperBench\n");
    expect(value).toContain("26/26 images of subset lite");
    expect(value).toContain("go to https://stg.api.cohere.com/v2/chat: proved");
    expect(value).not.toContain("canary");
  });
});

test("oracleTasks adds the oracle of that many tasks", async () => {
  const { oracle } = await program({ oracleTasks: 5 });
  expect((await settle(oracle as pulumi.Output<string>)).value).toBe("5/5");
  expect(recorded.filter(({ type }) => type.startsWith("cooperbench:oracle:"))).toHaveLength(1);
});

test("services of cooperating agents are there where they are asked for", async () => {
  // Nobody listens there, and there is no such engine.
  const asked = await program({ coop: true, redisPort: 1, dockerHost: "unix:///nowhere/docker.sock" });
  expect((await settle(pulumi.output(asked.coop))).value).toMatchObject({
    redis: "127.0.0.1:1",
    redisOwn: true,
  });
  expect(recorded.map(({ type }) => type)).toContain("cooperbench:coop:Redis");
  expect(asked.plan).toContain("--setting coop --redis redis://127.0.0.1:1 -m");
});

test("a wrong configuration is refused before any resource is asked for", async () => {
  await expect(program({ subset: "lte", oracleTasks: 99 })).rejects.toThrow(
    / 2 faults\..*subset: .*oracleTasks: /s,
  );
  expect(recorded).toEqual([]);
});

test("each proof that a status looks for is a command of the program", async () => {
  const { verified, oracle, coop, route } = await program({
    coop: true,
    oracleTasks: 1,
    tasks: ["dspy_task/8394"],
  });
  await Promise.all([verified, oracle, coop, route].map((output) => settle(pulumi.output<unknown>(output))));
  const commands = recorded.filter(({ type }) => type === "command:local:Command").map(({ name }) => name);
  const task = { repo: "dspy_task", taskId: 8394 };
  const names = Object.values(proofNames).map((name) => (typeof name === "string" ? name : name(task)));
  expect(commands).toEqual(expect.arrayContaining(names));
});
