import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { modelEnvironment } from "../../../../benchmark/model.ts";
import type { Owner } from "../../../../provision/ownership/owner.ts";
import { readAssignments } from "../../../../provision/steps/assignments.ts";
import { variablesIn, writeDotenv } from "../../../../provision/steps/dotenv.ts";
import {
  inspectRoute,
  inspectWrittenRoute,
  writtenVariables,
} from "../../../../provision/steps/route-drift.ts";
import { lab1, lab2 } from "../../../owners.ts";

const variables = modelEnvironment("it's a \\ key", "https://a.example/v2");
const base = "https://a.example/v2/chat";

let folder: string;
let checkout: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "route-"));
  checkout = join(folder, "CooperBench");
  mkdirSync(checkout);
  await writeDotenv(join(checkout, ".env"), lab1, variables);
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}
const inspect = (environment: Record<string, string> = {}) =>
  inspectRoute(checkout, variables, { MSWEA_GLOBAL_CONFIG_DIR: join(folder, "agent"), ...environment });

describe("nothing overrides the route", () => {
  test("of a .env as it was written", () => expect(inspect()).toBeUndefined());

  test("where the very values are exported", () =>
    expect(
      inspect({ COHERE_API_BASE: base, COHERE_API_KEY: variables.COHERE_API_KEY ?? "" }),
    ).toBeUndefined());

  test("where a .env further up or nearer to the package has other things", () => {
    put(".env", "COHERE_API_BASE=https://b.example\n");
    put("CooperBench/src/.env", "OTHER=1\n");
    expect(inspect()).toBeUndefined();
  });

  test("in a checkout without a .env: that is another finding", () => {
    rmSync(join(checkout, ".env"));
    expect(inspect({ COHERE_API_BASE: "" })).toBeUndefined();
  });

  test("by Azure's settings in a version that does not heed them, or by half of them", () => {
    const azure = { AZURE_OPENAI_API_KEY: "k", AZURE_OPENAI_ENDPOINT: "https://b.example" };
    expect(inspect(azure)).toBeUndefined();
    put("CooperBench/src/cooperbench/agents/_azure.py", "");
    expect(inspect({ AZURE_OPENAI_API_KEY: "k" })).toBeUndefined();
  });
});

describe("it is overridden", () => {
  test.each(["COHERE_API_BASE", "COHERE_API_KEY"])("by another %s that is exported", (name) => {
    const finding = inspect({ [name]: "canary" });
    expect(finding).toBe(`${name} is overridden (exported in this environment)`);
  });

  test("by an exported one that is empty", () => expect(inspect({ COHERE_API_BASE: "" })).toBeDefined());

  test("by the agent's own .env", () => {
    const file = put("agent/.env", "# mine\nexport COHERE_API_BASE = 'https://b.example' # c\n");
    expect(inspect()).toBe(`COHERE_API_BASE is overridden (${file}:2)`);
  });

  test("by a .env in the virtual environment, and one nearer to the package where litellm reads none", () => {
    const nearer = put("CooperBench/src/.env", "COHERE_API_KEY=b\n");
    expect(inspect({ LITELLM_MODE: "PRODUCTION" })).toBe(`COHERE_API_KEY is overridden (${nearer}:1)`);
    const inVenv = put("CooperBench/.venv/.env", "COHERE_API_KEY=b\n");
    expect(inspect()).toBe(`COHERE_API_KEY is overridden (${inVenv}:1)`);
  });

  test("by Azure's settings, wherever they are", () => {
    put("CooperBench/src/cooperbench/agents/_azure.py", "");
    const file = put("CooperBench/src/.env", "AZURE_OPENAI_ENDPOINT=https://b.example\n");
    expect(inspect({ AZURE_OPENAI_API_KEY: "canary" })).toBe(
      `AZURE_OPENAI_API_KEY (exported in this environment) and AZURE_OPENAI_ENDPOINT (${file}:1) override it`,
    );
  });

  test("where no .env is read", () =>
    expect(inspect({ PYTHON_DOTENV_DISABLED: "1" })).toBe(
      "PYTHON_DOTENV_DISABLED is exported: no .env is read",
    ));
});

test("the look takes less than 10 ms", () => {
  inspect();
  const started = performance.now();
  for (let i = 0; i < 20; i++) inspect(process.env as Record<string, string>);
  expect((performance.now() - started) / 20).toBeLessThan(10);
});

test("a stack's variables are read back from its block, and from no other", () => {
  expect(variablesIn(join(checkout, ".env"), lab1)).toEqual(variables);
  expect(variablesIn(join(checkout, ".env"), lab2)).toEqual({});
  expect(variablesIn(join(folder, "nowhere"), lab1)).toEqual({});
});

test("assignments are read as python-dotenv does, with their lines", () => {
  const text = `# A=0\nA=1 # one\n\nexport B="two\nlines"\n C = 'it\\'s'\nD=\nE=a#b\nnothing\nF=end`;
  expect(readAssignments(text)).toEqual([
    { name: "A", value: "1", line: 2 },
    { name: "B", value: "two\nlines", line: 4 },
    { name: "C", value: "it's", line: 6 },
    { name: "D", value: "", line: 7 },
    { name: "E", value: "a#b", line: 8 },
    { name: "F", value: "end", line: 10 },
  ]);
});

describe("without the stack's key", () => {
  const api = "https://a.example/v2";
  const inspectWritten = (owner: Owner, environment: Record<string, string> = {}) =>
    inspectWrittenRoute(checkout, writtenVariables(checkout, owner, api), {
      MSWEA_GLOBAL_CONFIG_DIR: join(folder, "agent"),
      ...environment,
    });

  test("the key that was written stands for it", () => {
    expect(inspectWritten(lab1)).toBeUndefined();
    expect(inspectWritten(lab1, { COHERE_API_KEY: "another" })).toMatch(/^COHERE_API_KEY is overridden/);
  });

  test("what is exported is told before anything was written", () => {
    expect(inspectWritten(lab2)).toBeUndefined();
    expect(inspectWritten(lab2, { COHERE_API_BASE: base })).toBeUndefined();
    expect(inspectWritten(lab2, { COHERE_API_BASE: api })).toMatch(/^COHERE_API_BASE is overridden/);
  });
});
