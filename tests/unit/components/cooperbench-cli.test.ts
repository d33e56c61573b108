import { beforeEach, expect, test } from "vitest";
import { CooperBenchCli, type CooperBenchCliArgs } from "../../../components/cooperbench-cli.ts";
import { Credentials } from "../../../components/credentials.ts";
import { lab1 } from "../../owners.ts";
import { findingIn, type Recorded, recordResources, requestIn, settle } from "../../recording-mocks.ts";

const folder = "/nowhere/CooperBench";
let recorded: readonly Recorded[];
beforeEach(async () => {
  recorded = await recordResources();
});

const named = (name: string) => recorded.find((resource) => resource.name === name);
const command = (name: string) => named(name)?.inputs;
const findings = () =>
  recorded.flatMap((resource) => {
    const finding = findingIn(resource);
    return finding === undefined ? [] : [`${resource.name}: ${finding}`];
  });

const cli = (findings: CooperBenchCliArgs["findings"] = {}, more: Partial<CooperBenchCliArgs> = {}) =>
  new CooperBenchCli("cooperbench", {
    owner: lab1,
    folderKey: "repos/CooperBench",
    cooperbenchRepository: "file:///srv/CooperBench.git",
    cooperbenchCommit: "c".repeat(40),
    cooperbenchVersion: "",
    folder,
    pythonVersion: "3.12",
    cooperbenchExtras: ["dev"],
    subset: "lite",
    tasks: ["dspy_task/8394"],
    datasetShape: () => "dataset a",
    findings,
    ...more,
  });

test("the command line is a checkout, its environment and its verification, each on the one before", async () => {
  expect((await settle(cli().verified)).value).toEqual({
    version: "0.0.0",
    commit: "c".repeat(40),
    folder,
    pythonVersion: "3.12.4",
  });
  expect(command("cooperbench-checkout")).toMatchObject({
    create: "make",
    update: "ensure",
    delete: "remove",
    triggers: ["repos/CooperBench"],
    addPreviousOutputInEnv: true,
  });
  expect(requestIn(named("cooperbench-checkout"))).toEqual({
    owner: lab1,
    folder,
    repository: "file:///srv/CooperBench.git",
    commit: "c".repeat(40),
  });
  expect(requestIn(named("cooperbench-venv"))).toEqual({
    owner: lab1,
    folder,
    commit: "c".repeat(40),
    pythonVersion: "3.12",
    extras: ["dev"],
  });
  expect(requestIn(named("cooperbench-verification"))).toEqual({
    owner: lab1,
    folder,
    subset: "lite",
    tasks: ["dspy_task/8394"],
  });
  expect(command("cooperbench-verification")).toMatchObject({
    triggers: ["c".repeat(40), "2026-01-01T00:00:00Z", "dataset a"],
  });
  expect(command("cooperbench-verification")).not.toHaveProperty("delete");
  expect(command("cooperbench-verification")).toMatchObject({ addPreviousOutputInEnv: false });
});

test("what is wrong on the machine is a finding, and nothing else is one", async () => {
  await settle(cli({ checkout: "it is missing" }).verified);
  expect(findings()).toEqual(["cooperbench-checkout: it is missing"]);
  recorded = await recordResources();
  await settle(cli({ venv: "it is not whole" }).verified);
  expect(findings()).toEqual(["cooperbench-venv: it is not whole"]);
  recorded = await recordResources();
  await settle(cli().verified);
  expect(findings()).toEqual([]);
});

const credentials = (finding?: string, hash?: string) =>
  new Credentials("credentials", {
    owner: lab1,
    folderKey: "repos/CooperBench",
    cohereApiKey: "canary",
    modelApiBase: "https://a.example/v2",
    folder,
    finding,
    hash,
  });

test("what names the .env is its hash as it is, or as it will be once it is written, and no secret", async () => {
  const known = { value: ".env a", secret: false };
  expect(await settle(credentials(undefined, "a").hash)).toEqual(known);
  expect(await settle(credentials("its mode is 644, not 600", "a").hash)).toEqual(known);
  expect(await settle(credentials().hash)).toEqual({ value: ".env b", secret: false });
});

test("the environment of a run is secret, and has both variables that route the model", async () => {
  const { value, secret } = await settle(credentials().environment);
  expect(secret).toBe(true);
  expect(value).toEqual({
    COHERE_API_KEY: "canary",
    COHERE_API_BASE: "https://a.example/v2/chat",
    MSWEA_MODEL_API_BASE: "https://a.example/v2",
    MSWEA_COST_TRACKING: "ignore_errors",
    LITELLM_LOG: "ERROR",
  });
});

test("the key goes to the command by standard input alone, as a secret", async () => {
  await settle(credentials().environment);
  const { stdin, ...rest } = command("credentials-dotenv") ?? {};
  expect(JSON.stringify(rest)).not.toContain("canary");
  expect(JSON.stringify(stdin)).toContain("canary");
});

test("what is wrong with the .env is a finding", async () => {
  await settle(credentials("its mode is 644, not 600").environment);
  expect(findings()).toEqual(["credentials-dotenv: its mode is 644, not 600"]);
});

test("where the user has a checkout of theirs at another commit, the step looks at it again", async () => {
  await settle(cli({}, { leftAt: "d".repeat(40) }).verified);
  expect(requestIn(named("cooperbench-checkout"))).toMatchObject({ leftAt: "d".repeat(40) });
});
