import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CooperBenchCli } from "../../../components/cooperbench-cli.ts";
import { Credentials } from "../../../components/credentials.ts";
import { writeDotenv } from "../../../provision/steps/dotenv.ts";
import { modelEnvironment } from "../../../provision/steps/model.ts";
import { lab1 } from "../../owners.ts";
import { type Recorded, recordResources, settle } from "../../recording-mocks.ts";
import { writeWholeVenv } from "../../whole-venv.ts";

let recorded: readonly Recorded[];
let folder: string;
beforeEach(async () => {
  recorded = await recordResources();
  folder = join(mkdtempSync(join(tmpdir(), "cli-")), "CooperBench");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

const command = (name: string) => recorded.find((resource) => resource.name === name)?.inputs;
const findings = () =>
  recorded.flatMap(({ name, inputs }) => {
    const { FINDING } = (inputs.environment ?? {}) as Record<string, string>;
    return FINDING === undefined ? [] : [`${name}: ${FINDING.replace(/ \(seen .*/, "")}`];
  });

const cli = () =>
  new CooperBenchCli("cooperbench", {
    owner: lab1,
    folderKey: "repos/CooperBench",
    repository: "file:///srv/CooperBench.git",
    commit: "c".repeat(40),
    folder,
    pythonVersion: "3.12",
    extras: ["dev"],
    subset: "lite",
    tasks: ["dspy_task/8394"],
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
  expect(command("cooperbench-venv")).toMatchObject({
    environment: { FOLDER: folder, COMMIT: "c".repeat(40), PYTHON_VERSION: "3.12", EXTRAS: '["dev"]' },
  });
  expect(command("cooperbench-verification")).toMatchObject({
    environment: { FOLDER: folder, SUBSET: "lite", TASKS: '["dspy_task/8394"]' },
    triggers: ["c".repeat(40), "2026-01-01T00:00:00Z"],
  });
  expect(command("cooperbench-verification")).not.toHaveProperty("delete");
  expect(command("cooperbench-verification")).toMatchObject({ addPreviousOutputInEnv: false });
});

test("what is missing on the machine is a finding", async () => {
  await settle(cli().verified);
  expect(findings()).toEqual(["cooperbench-checkout: it is missing", "cooperbench-venv: it is missing"]);
});

test("what is there is no finding", async () => {
  for (const path of [".git", "dataset"]) mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, ".git", "HEAD"), `${"c".repeat(40)}\n`);
  writeWholeVenv(folder, "3.12.4");
  await settle(cli().verified);
  expect(findings()).toEqual([]);
});

const credentials = () =>
  new Credentials("credentials", {
    owner: lab1,
    folderKey: "repos/CooperBench",
    cohereApiKey: "canary",
    modelApiBase: "https://a.example/v2",
    folder,
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

test("a good .env is no finding, a widened one is", async () => {
  mkdirSync(folder);
  await writeDotenv(join(folder, ".env"), lab1, modelEnvironment("canary", "https://a.example/v2"));
  await settle(credentials().environment);
  expect(findings()).toEqual([]);
  recorded = await recordResources();
  await writeDotenv(join(folder, ".env"), lab1, modelEnvironment("another", "https://a.example/v2"));
  await settle(credentials().environment);
  expect(findings()).toEqual(["credentials-dotenv: COHERE_API_KEY not as configured"]);
});
