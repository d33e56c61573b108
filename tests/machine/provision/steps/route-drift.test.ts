import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { modelEnvironment } from "../../../../benchmark/model.ts";
import type { Owner } from "../../../../provision/ownership/owner.ts";
import { inspectDotenv, variablesIn, writeDotenv } from "../../../../provision/steps/dotenv.ts";
import { askerIn } from "../../../../provision/steps/dotenv-reader.ts";
import { otherSettings, routeFault, writtenVariables } from "../../../../provision/steps/route-drift.ts";
import { variablesOfRun } from "../../../../provision/steps/run-settings.ts";
import { lab1, lab2 } from "../../../owners.ts";
import { readsBack } from "../../../reads-back.ts";
import { dotenvVersions, makeDotenvVenv } from "./dotenv-venv.ts";

const variables = modelEnvironment("a-key", "https://a.example/v2");
const base = "https://a.example/v2/chat";

let folder: string;
let checkout: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "route-"));
  checkout = join(folder, "CooperBench");
  await makeDotenvVenv(checkout, dotenvVersions.newest);
}, 300_000);
beforeEach(async () => {
  for (const name of ["agent", ".env", "CooperBench/src", "CooperBench/.env", "CooperBench/.venv/.env"])
    rmSync(join(folder, name), { recursive: true, force: true });
  await writeDotenv(join(checkout, ".env"), lab1, variables, readsBack);
});
afterAll(() => rmSync(folder, { recursive: true }));

function put(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}
const where = () => ({ MSWEA_GLOBAL_CONFIG_DIR: join(folder, "agent"), PATH: process.env.PATH });
const dotenvSeen = (wanted = variables) => inspectDotenv(join(checkout, ".env"), lab1, wanted);
const run = (environment: Record<string, string> = {}, wanted = variables) =>
  variablesOfRun(checkout, dotenvSeen(wanted), wanted, {}, { ...where(), ...environment });
const inspect = async (environment: Record<string, string> = {}) =>
  routeFault(checkout, variables, await run(environment))?.found;

describe("nothing overrides the route", async () => {
  test("of a .env as it was written", async () => expect(await inspect()).toBeUndefined());

  test("where the very values are exported", async () =>
    expect(
      await inspect({ COHERE_API_BASE: base, COHERE_API_KEY: variables.COHERE_API_KEY ?? "" }),
    ).toBeUndefined());

  test("where the URL is spelt otherwise, exported or in a file that is read before", async () => {
    const spelt = base.replace("https://a.example", "HTTPS://A.EXAMPLE:443");
    expect(await inspect({ COHERE_API_BASE: spelt })).toBeUndefined();
    const file = put("agent/.env", `COHERE_API_BASE=${spelt}\n`);
    expect(await inspect()).toBeUndefined();
    writeFileSync(file, `COHERE_API_BASE=${spelt}?\n`);
    expect(await inspect()).toBe(`COHERE_API_BASE is overridden (${file}:1)`);
  });

  test("where a .env further up or nearer to the package has other things", async () => {
    put(".env", "COHERE_API_BASE=https://b.example\n");
    put("CooperBench/src/.env", "OTHER=1\n");
    expect(await inspect()).toBeUndefined();
  });

  test("in a checkout without a .env: that is another finding", async () => {
    rmSync(join(checkout, ".env"));
    expect(await inspect()).toBeUndefined();
  });

  test("by Azure's settings in a version that does not heed them, or by half of them", async () => {
    const azure = { AZURE_OPENAI_API_KEY: "k", AZURE_OPENAI_ENDPOINT: "https://b.example" };
    expect(await inspect(azure)).toBeUndefined();
    put("CooperBench/src/cooperbench/agents/_azure.py", "");
    expect(await inspect({ AZURE_OPENAI_API_KEY: "k" })).toBeUndefined();
  });
});

describe("it is overridden", async () => {
  test.each(["COHERE_API_BASE", "COHERE_API_KEY"])("by another %s that is exported", async (name) => {
    const finding = await inspect({ [name]: "canary" });
    expect(finding).toBe(`${name} is overridden (exported in this environment)`);
  });

  test("by an exported one that is empty", async () =>
    expect(await inspect({ COHERE_API_BASE: "" })).toBeDefined());

  test("by the agent's own .env", async () => {
    const file = put("agent/.env", "# mine\nexport COHERE_API_BASE = 'https://b.example' # c\n");
    expect(await inspect()).toBe(`COHERE_API_BASE is overridden (${file}:2)`);
  });

  test("by a .env in the virtual environment, and one nearer to the package where litellm reads none", async () => {
    const nearer = put("CooperBench/src/.env", "COHERE_API_KEY=b\n");
    expect(await inspect({ LITELLM_MODE: "PRODUCTION" })).toBe(`COHERE_API_KEY is overridden (${nearer}:1)`);
    const inVenv = put("CooperBench/.venv/.env", "COHERE_API_KEY=b\n");
    expect(await inspect()).toBe(`COHERE_API_KEY is overridden (${inVenv}:1)`);
  });

  test("by Azure's settings, wherever they are", async () => {
    put("CooperBench/src/cooperbench/agents/_azure.py", "");
    const file = put("CooperBench/src/.env", "AZURE_OPENAI_ENDPOINT=https://b.example\n");
    expect(await inspect({ AZURE_OPENAI_API_KEY: "canary" })).toBe(
      `AZURE_OPENAI_API_KEY (exported in this environment) and AZURE_OPENAI_ENDPOINT (${file}:1) override it`,
    );
  });
});

test("the fix takes away what overrides it, and names where that is", async () => {
  const mendOf = async (environment: Record<string, string> = {}) =>
    routeFault(checkout, variables, await run(environment));
  const file = put("agent/.env", "");
  expect(await mendOf({ COHERE_API_BASE: "https://b.example" })).toMatchObject({
    remedies: { command: ["unset", "COHERE_API_BASE"] },
    isSure: true,
  });
  writeFileSync(file, "COHERE_API_KEY=another\n");
  expect(await mendOf()).toMatchObject({
    remedies: { advice: `remove the line of COHERE_API_KEY in ${file}` },
  });
});

describe("what only python-dotenv can tell", () => {
  test("is that no .env is read", async () => {
    const words = `${join(checkout, ".env")} is not read: PYTHON_DOTENV_DISABLED is set (exported in this environment)`;
    expect(await inspect({ PYTHON_DOTENV_DISABLED: "1" })).toBe(words);
    expect(await inspect({ PYTHON_DOTENV_DISABLED: "no" })).toBeUndefined();
    const file = put("agent/.env", "A=1\nPYTHON_DOTENV_DISABLED=1\n");
    expect(await inspect()).toContain(`PYTHON_DOTENV_DISABLED is set (${file}:2)`);
  });

  test("is that litellm reads none, by a variable of a .env that is read before", async () => {
    put("agent/.env", "LITELLM_MODE=PRODUCTION\n");
    put("CooperBench/src/.env", "OTHER=1\n");
    expect(await inspect()).toMatch(/^COHERE_API_KEY is set nowhere: another \.env is read instead of/);
  });

  test("is that a run ends at a file", async () => {
    const file = put("agent/.env", "");
    writeFileSync(file, Buffer.from("A=gr\u00fcn\n", "latin1"));
    expect(await inspect()).toBe(`a run ends at ${file}, which cannot be read (UnicodeDecodeError)`);
  });

  test("is not known before there is an environment", async () => {
    const file = put("agent/.env", "COHERE_API_BASE=https://b.example\n");
    const python = join(checkout, ".venv");
    renameSync(python, `${python}.away`);
    expect(await inspect()).toContain(`${file} is read by a run, and may override it`);
    expect(await inspect({ COHERE_API_KEY: "x" })).toBe(
      "COHERE_API_KEY is overridden (exported in this environment)",
    );
    renameSync(`${python}.away`, python);
  });
});

describe("python-dotenv is asked", () => {
  test("neither about lines as they were written nor about files without one of the names", async () => {
    put("agent/.env", "MSWEA_CONFIGURED='true'\nLITELLM_LOG=INFO\n");
    put("CooperBench/src/.env", "OTHER=1\n");
    put("CooperBench/.env", "A=1\nCOHERE_API_KEY=own\n");
    await writeDotenv(join(checkout, ".env"), lab1, variables, askerIn(checkout));
    expect((await run()).isAsked).toBe(false);
  });

  test("where those have changed since, and in a block of a version before", async () => {
    const file = join(checkout, ".env");
    writeFileSync(file, `${readFileSync(file, "utf8")}A=1\n`);
    expect((await run()).isAsked).toBe(true);
    writeFileSync(file, readFileSync(file, "utf8").replace(/, read \w+/, ""));
    expect((await run()).isAsked).toBe(true);
  });

  test.each(["COHERE_API_KEY=x", "'DOCKER_HOST'=x", " LITELLM_MODE=x", "AZURE_OPENAI_ENDPOINT=x"])(
    "where another file has %s",
    async (line) => {
      put("agent/.env", line);
      expect((await run()).isAsked).toBe(true);
    },
  );
});

test("what else decides a run is told by name and place, without a value", async () => {
  const file = put(
    "agent/.env",
    "DOCKER_HOST=tcp://canary\nMSWEA_DOCKER_EXECUTABLE=canary\nMSWEA_GLOBAL_CALL_LIMIT=7\nLITELLM_SALT_KEY=canary\nLITELLM_LOG=x\n",
  );
  const seen = await run({
    MSWEA_GLOBAL_COST_LIMIT: "7",
    DOCKER_HOST: "unix:///mine",
    DOCKER_CONFIG: "/mine",
  });
  expect(otherSettings(seen)).toEqual(
    expect.arrayContaining([
      "MSWEA_GLOBAL_COST_LIMIT (exported in this environment)",
      `MSWEA_DOCKER_EXECUTABLE (${file}:2)`,
      `MSWEA_GLOBAL_CALL_LIMIT (${file}:3)`,
      `LITELLM_SALT_KEY (${file}:4)`,
    ]),
  );
  expect(otherSettings(seen)).toHaveLength(4);
  expect(otherSettings(await run())).toContain(`DOCKER_HOST (${file}:1)`);
  expect(JSON.stringify([seen, await run()])).not.toContain("canary");
  const asWanted = await variablesOfRun(
    checkout,
    dotenvSeen(),
    variables,
    { DOCKER_HOST: "tcp://canary" },
    where(),
  );
  expect(otherSettings(asWanted)).not.toContain(`DOCKER_HOST (${file}:1)`);
});

test("a stack's variables are read back from its block, and from no other", () => {
  expect(variablesIn(join(checkout, ".env"), lab1)).toEqual(variables);
  expect(variablesIn(join(checkout, ".env"), lab2)).toEqual({});
  expect(variablesIn(join(folder, "nowhere"), lab1)).toEqual({});
});

test("without the stack's key the one that was written stands for it, and what is exported is told before that", async () => {
  const api = "https://a.example/v2";
  const inspectAs = async (owner: Owner, environment: Record<string, string> = {}) => {
    const wanted = writtenVariables(checkout, owner, api);
    return routeFault(checkout, wanted, await run(environment, wanted))?.found;
  };
  expect(await inspectAs(lab1)).toBeUndefined();
  expect(await inspectAs(lab1, { COHERE_API_KEY: "another" })).toMatch(/^COHERE_API_KEY is overridden/);
  rmSync(join(checkout, ".env"));
  expect(await inspectAs(lab1, { COHERE_API_KEY: "another" })).toBeUndefined();
  expect(await inspectAs(lab1, { COHERE_API_BASE: base })).toBeUndefined();
  expect(await inspectAs(lab1, { COHERE_API_BASE: api })).toMatch(/^COHERE_API_BASE is overridden/);
});
