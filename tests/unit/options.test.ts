import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { programConfiguration } from "../configuration.ts";
import { type Recorded, type RecordedOptions, recordResources, settle } from "../recording-mocks.ts";

let recorded: readonly Recorded[];
/** The program with all that it can have, for one task. */
beforeAll(async () => {
  recorded = await recordResources();
  vi.resetModules();
  pulumi.runtime.setAllConfig(
    programConfiguration({
      cooperbenchDir: "/nowhere/CooperBench",
      dockerHost: "unix:///nowhere/docker.sock",
      tasks: ["dspy_task/8394"],
      ...{ coop: true, git: true, redisPort: 1, oracleTasks: 1 },
    }),
  );
  const { verified, coop, route, oracle } = await import("../../index.ts");
  for (const output of [verified, coop, route, oracle]) await settle(pulumi.output<unknown>(output));
});

const ofType = (type: string) => recorded.filter((resource) => resource.type === type);
const names = (resources: readonly Recorded[]) => resources.map(({ name }) => name).sort();
/** An option of each resource that has it, by name. */
const all = <Key extends keyof RecordedOptions>(key: Key) =>
  Object.fromEntries(
    recorded.flatMap(({ type, name, options }) =>
      options[key] === undefined || type.startsWith("cooperbench:") ? [] : [[name, options[key]]],
    ),
  );

describe("what the program asks for beside inputs", () => {
  test("all is within a component, and no name changes with its place there", () => {
    const roots = recorded.filter(({ options }) => options.parent === undefined);
    expect(names(roots)).toEqual(
      ["cooperbench", "coop", "credentials", "identity", "images", "oracle", "route", "runs"].sort(),
    );
  });

  test("what is on an engine goes by the provider of that engine, never by one that the shell decides", () => {
    const onEngine = recorded.filter(({ type }) => type.startsWith("docker:"));
    expect(Object.fromEntries(onEngine.map(({ name, options }) => [name, options.provider]))).toEqual({
      "dspy-task8394": "images-engine",
      "coop-redis-image": "coop-engine",
      "coop-redis-container": "coop-engine",
      "coop-git-base": "coop-engine",
      "coop-git-network": "coop-engine",
      "coop-git-volume": "coop-engine",
      "coop-git-container": "coop-engine",
    });
  });

  test("each image is pulled by a hook before the provider looks for it; leftovers free their names", () => {
    expect(all("beforeCreate")).toEqual({
      "dspy-task8394": ["images-pull"],
      "coop-redis-image": ["coop-pull"],
      "coop-git-base": ["coop-pull"],
      "coop-redis-container": ["coop-redis-container-leftover"],
      "coop-git-network": ["coop-git-leftover"],
      "coop-git-container": ["coop-git-container-leftover"],
    });
  });

  test("what the provider has made ends the repair that it was made in", () => {
    const made = recorded.filter(({ type }) => type.startsWith("docker:"));
    expect(Object.keys(all("otherHooks")).sort()).toEqual(made.map(({ name }) => name).sort());
  });

  test("what has a name on the engine goes before its successor comes, and with the last use of its service", () => {
    const services = {
      "coop-redis-container": "coop-redis-use",
      "coop-git-network": "coop-git-use",
      "coop-git-volume": "coop-git-use",
      "coop-git-container": "coop-git-use",
    };
    expect(Object.keys(all("deleteBeforeReplace")).sort()).toEqual(Object.keys(services).sort());
    expect(all("deletedWith")).toEqual(services);
  });

  test("a finding of an earlier update is no change: it stays as the state has it where there is none now", () => {
    const commands = ofType("command:local:Command");
    for (const { name, inputs, options } of commands) {
      const isFound = "FINDING" in (inputs.environment as object);
      expect([name, options.ignoreChanges]).toEqual([name, isFound ? undefined : ["environment.FINDING"]]);
    }
    expect(commands.length).toBeGreaterThan(10);
  });

  test("each proof waits for what it is of", () => {
    const { dependsOn } = { dependsOn: all("dependsOn") };
    const cli = ["cooperbench-checkout", "cooperbench-venv", "cooperbench-verification"];
    expect(dependsOn).toMatchObject({
      "cooperbench-venv": ["cooperbench-checkout"],
      "cooperbench-verification": ["cooperbench-checkout", "cooperbench-venv"],
      "dspy-task8394-probe": ["dspy-task8394"],
      "dspy-task8394-oracle": ["cooperbench-checkout", "cooperbench-venv", "dspy-task8394-probe"],
      "coop-git-image": ["coop-git-base", ...cli],
      "coop-git-container": ["coop-git-image", "coop-git-network", "coop-git-volume"],
      "coop-verification": ["coop-git-container", "coop-redis-container", ...cli],
      "route-proof": ["cooperbench-checkout", "cooperbench-venv"],
    });
    const components = Object.fromEntries(recorded.map(({ name, options }) => [name, options.dependsOn]));
    // By their component: what is in the checkout waits for it, and is removed before it.
    expect([components.credentials, components.runs]).toEqual([cli, cli]);
    expect(components.route).toEqual([...cli, "credentials-dotenv"]);
  });

  test("the provider is never asked to remove: images stay, and services go with their last use", () => {
    const made = recorded.filter(({ type }) => type.startsWith("docker:"));
    expect(Object.keys(all("retainOnDelete")).sort()).toEqual(made.map(({ name }) => name).sort());
  });

  test("nothing is protected, or known by another name", () => {
    for (const key of ["protect", "aliases"] as const) expect(all(key)).toEqual({});
  });
});
