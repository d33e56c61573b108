import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { defaultModel, modelEnvironment } from "../../benchmark/model.ts";
import { runAgentProgram } from "../../provision/steps/agent-program.ts";
import { inspectDotenv } from "../../provision/steps/dotenv.ts";
import { proveRoute, type RouteResult } from "../../provision/steps/route.ts";
import type { RouteSeen } from "../../provision/steps/route-faults.ts";
import { variablesOfRun } from "../../provision/steps/run-settings.ts";
import { startCohereMock } from "../../rehearsal/model/cohere-mock.ts";
import { jsonOutput } from "../json-output.ts";
import { type Ended, Lab } from "./lab.ts";

const key = "canary-4b1e7d90c3";
const url = "https://stg.api.cohere.com/v2/chat";
const lab = new Lab();
const mock = await startCohereMock();
let stack: string;
let first: Ended;
let messages = "";

beforeAll(async () => {
  stack = await lab.makeStack({ tasks: ["go_chi_task"] }, key);
  first = await lab.machine(["up", stack], bytecode);
});
afterAll(async () => {
  mock.close();
  await lab.close();
});

// A proof that must compile its imports takes twice as long.
const bytecode = { PYTHONDONTWRITEBYTECODE: "" };
// Whatever the user of this machine has, but what a case exports.
const nothing = {
  ...{ COHERE_API_KEY: undefined, CO_API_KEY: undefined, COHERE_API_BASE: undefined },
  ...bytecode,
  ...{ MSWEA_MODEL_API_BASE: undefined, AZURE_OPENAI_API_KEY: undefined, AZURE_OPENAI_ENDPOINT: undefined },
};

function prove(
  exported: NodeJS.ProcessEnv,
  modelApiBase = "https://stg.api.cohere.com/v2",
): Promise<RouteResult> {
  const environment = { ...nothing, MSWEA_GLOBAL_CONFIG_DIR: join(lab.folder, "agent-config"), ...exported };
  return proveRoute({ folder: lab.checkout, modelApiBase, model: defaultModel, key }, environment);
}

/** The message of a proof that fails. */
async function failure(exported: NodeJS.ProcessEnv = {}): Promise<string> {
  const message = await prove(exported).then(
    (result) => `it passed: ${JSON.stringify(result)}`,
    (error: Error) => error.message,
  );
  messages += message;
  return message;
}

const outputs = async () =>
  JSON.parse((await lab.machine(["pulumi", "stack", "output", "--json", "--stack", stack])).stdout);
const preview = () => lab.machine(["preview", stack, "--expect-no-changes"]);

test("an update proves the route, and a preview finds nothing to do", async () => {
  expect(first.code, first.stdout + first.stderr).toBe(0);
  expect((await outputs()).route).toBe(url);
  expect((await preview()).code).toBe(0);
});

describe.concurrent("with what the user's shell exports,", () => {
  test("the proof passes where it is the very value, and asks nobody, the configured host neither", async () => {
    const wanted = `${mock.modelApiBase}/chat`;
    expect(await prove({ COHERE_API_BASE: wanted, COHERE_API_KEY: key }, mock.modelApiBase)).toEqual({
      url: wanted,
      model: "command-a-03-2025",
      agent: "mini_swe_agent_v2",
    });
    expect(mock.asked).toEqual([]);
  });

  test("it fails for another value, and for another key", async () => {
    const message = await failure({
      COHERE_API_BASE: "https://a.example/v2/chat",
      COHERE_API_KEY: "key-of-another",
    });
    expect(message).toContain(
      `calls go to https://a.example/v2/chat, not to ${url}: COHERE_API_BASE (exported in this environment) is https://a.example/v2/chat, and wins`,
    );
    expect(message).toContain("COHERE_API_KEY (exported in this environment) wins");
    expect(message).not.toContain("key-of-another");
  });

  test("it fails for Azure's settings", async () => {
    const message = await failure({
      AZURE_OPENAI_API_KEY: "azure-canary",
      AZURE_OPENAI_ENDPOINT: "https://azure.example/openai/v1/",
    });
    expect(message).toMatch(/calls go to https:\/\/azure\.example\/openai\/v1\/chat\/completions, not to/);
    expect(message).toContain("Fix: unset AZURE_OPENAI_API_KEY\nFix: unset AZURE_OPENAI_ENDPOINT");
    expect(message).not.toContain("azure-canary");
  });

  test("it fails for the agent's own .env, which is read before", async () => {
    const MSWEA_GLOBAL_CONFIG_DIR = join(lab.folder, "agent-config-of-mine");
    const file = join(MSWEA_GLOBAL_CONFIG_DIR, ".env");
    mkdirSync(MSWEA_GLOBAL_CONFIG_DIR);
    writeFileSync(file, "# mine\nCOHERE_API_BASE=https://b.example/v2/chat\n");
    expect(await failure({ MSWEA_GLOBAL_CONFIG_DIR })).toContain(
      `COHERE_API_BASE (${file}:2) is https://b.example/v2/chat, and wins`,
    );
  });
});

test.each(["https://STG.API.Cohere.com:443/a%20b/v2", "http://[::1]:8080/v2"])(
  "the proof passes for %s, as which another spelling is asked",
  async (base) => {
    const wanted = `${base}/chat`;
    expect(await prove({ COHERE_API_BASE: wanted, COHERE_API_KEY: key }, base)).toMatchObject({
      url: wanted,
    });
  },
);

describe("the look between proofs finds each variable where the package itself does, with", () => {
  const wanted = modelEnvironment(key, "https://stg.api.cohere.com/v2");
  const places = {
    agent: join(lab.folder, "agent-of-look", ".env"),
    src: join(lab.checkout, "src", ".env"),
    nearer: join(lab.checkout, "src", "cooperbench", ".env"),
  };
  afterEach(() => {
    for (const file of Object.values(places)) rmSync(file, { force: true });
  });

  test.each<Partial<Record<keyof typeof places, string>>>([
    { agent: "A=1\n\nexport COHERE_API_BASE = https://b.example # c\n", src: "COHERE_API_KEY=x\n" },
    { agent: "LITELLM_MODE=PRODUCTION\n", src: "\fCOHERE_API_KEY=x\n" },
    { agent: "PYTHON_DOTENV_DISABLED=1\n", nearer: "COHERE_API_BASE\n" },
    {
      agent: "COHERE_API_KEY\nLITELLM_MODE=PRODUCTION",
      src: "COHERE_API_BASE=z",
      nearer: "'COHERE_API_BASE'='q'\r\n",
    },
  ])("%j", async (texts) => {
    mkdirSync(dirname(places.agent), { recursive: true });
    for (const [place, text] of Object.entries(texts))
      writeFileSync(places[place as keyof typeof places], text);
    const environment = { ...nothing, MSWEA_GLOBAL_CONFIG_DIR: dirname(places.agent) };
    const asked = { model: defaultModel, path: "/v2/chat", salt: "", keyHash: "" };
    const { origins = {} } = await runAgentProgram<RouteSeen>(
      lab.checkout,
      "prove_route.py",
      asked,
      environment,
    );
    const owner = { stack, id: undefined };
    const seen = inspectDotenv(lab.dotenv, owner, wanted);
    const run = { ...process.env, ...environment };
    const { variables } = await variablesOfRun(lab.checkout, seen, wanted, {}, run);
    for (const name of ["COHERE_API_KEY", "COHERE_API_BASE"])
      expect([name, variables[name]?.origin]).toEqual([name, origins[name]]);
  });
});

describe("it fails, and says what wins and what mends it, for", () => {
  let dotenv: string;
  beforeAll(() => {
    dotenv = readFileSync(lab.dotenv, "utf8");
  });
  const write = (text: string) => writeFileSync(lab.dotenv, text, { mode: 0o600 });

  test("the old variable alone", async () => {
    write(dotenv.replace(/^COHERE_API_BASE=.*\n/m, ""));
    const message = await failure().finally(() => write(dotenv));
    expect(message).toContain(
      `  calls go to https://api.cohere.com/v2/chat, not to ${url}: COHERE_API_BASE is set nowhere, ` +
        `and MSWEA_MODEL_API_BASE (${lab.dotenv}:3) alone has no effect in this version of CooperBench`,
    );
  });

  test("a URL without /chat", async () => {
    write(dotenv.replace("/v2/chat'", "/v2'"));
    const message = await failure().finally(() => write(dotenv));
    expect(message).toContain(
      `calls go to https://stg.api.cohere.com/v2, not to ${url}: COHERE_API_BASE (${lab.dotenv}:3) is https://stg.api.cohere.com/v2, which lacks /chat`,
    );
  });

  test("no key", async () => {
    write(dotenv.replace(/^COHERE_API_KEY=.*\n/m, ""));
    const message = await failure().finally(() => write(dotenv));
    expect(message).toContain("there is no key: COHERE_API_KEY is set nowhere");
  });

  test("a .env further up, where the checkout has none", async () => {
    const file = join(lab.checkout, "..", ".env");
    writeFileSync(file, "COHERE_API_KEY=mine\n");
    renameSync(lab.dotenv, `${lab.dotenv}.away`);
    const message = await failure().finally(() => {
      renameSync(`${lab.dotenv}.away`, lab.dotenv);
      rmSync(file);
    });
    expect(message).toContain(`${file} is read instead of ${lab.dotenv}`);
    expect(message).toContain(`COHERE_API_KEY (${file}:1) wins`);
  });

  test("a version that does not heed the variable, once that was seen", async () => {
    const file = join(lab.checkout, "src/cooperbench/cli.py");
    const source = readFileSync(file, "utf8");
    const unheeding = [
      "import litellm as _litellm",
      "_complete = _litellm.completion",
      "def _elsewhere(*args, **kwargs):",
      "    return _complete(*args, **{**kwargs, 'api_base': 'https://api.cohere.com/v2/chat'})",
      "_litellm.completion = _elsewhere",
    ];
    writeFileSync(file, `${source}\n${unheeding.join("\n")}\n`);
    const message = await failure().finally(() => writeFileSync(file, source));
    expect(message).toContain("this version of CooperBench ignores COHERE_API_BASE");
  });

  test("an agent that cannot be asked", async () => {
    const adapter = join(lab.checkout, "src/cooperbench/agents/mini_swe_agent_v2/adapter.py");
    const source = readFileSync(adapter, "utf8");
    writeFileSync(
      adapter,
      source
        .replaceAll("LitellmModel", "AnotherModel")
        .replace("import AnotherModel", "import LitellmModel as AnotherModel"),
    );
    const message = await failure().finally(() => writeFileSync(adapter, source));
    expect(message).toContain(
      "this version's agent mini_swe_agent_v2 cannot be asked: looked for the class LitellmModel in cooperbench.agents.mini_swe_agent_v2.adapter",
    );
  });
});

test("an update fails where the user's shell overrides the route, a preview shows it, and unset mends it", async () => {
  const exported = { COHERE_API_BASE: "https://a.example/v2/chat" };
  const update = await lab.machine(["up", stack], exported);
  expect(update.code).not.toBe(0);
  expect(update.stdout).toContain(
    "COHERE_API_BASE (exported in this environment) is https://a.example/v2/chat",
  );
  const shown = await lab.machine(["preview", stack, "--expect-no-changes"], exported);
  expect(shown.code).not.toBe(0);
  expect(shown.stdout).toMatch(/^route: COHERE_API_BASE .*; will be proved again$/m);
  expect((await lab.machine(["up", stack])).code).toBe(0);
  expect((await preview()).code).toBe(0);
});

describe("./machine doctor --live", () => {
  beforeAll(async () => {
    lab.configure(stack, { modelApiBase: mock.modelApiBase });
    const update = await lab.machine(["up", stack]);
    expect(update.code, update.stdout + update.stderr).toBe(0);
    expect((await outputs()).route).toBe(`${mock.modelApiBase}/chat`);
    expect(mock.asked).toEqual([]);
  });

  async function live(exported: NodeJS.ProcessEnv = {}) {
    const { code, stdout } = await lab.machine(["doctor", stack, "--live", "--json"], exported);
    const { checks: findings } = jsonOutput("doctor", stdout);
    return { code, finding: findings.find(({ check }) => check === "live") };
  }

  test("makes one small call with the stack's key, and tells status, time, tokens and cost", async () => {
    const { code, finding } = await live();
    expect(finding?.found).toMatch(
      /\/v2\/chat answered 200 in \d+\.\d s: 12 tokens in, 2 out; cost \$0\.0+\d\d, by litellm's prices$/,
    );
    expect(finding?.level).toBe("ok");
    expect(code).toBe(0);
    expect(mock.asked).toMatchObject([
      {
        path: "/v2/chat",
        authorization: `Bearer ${key}`,
        body: { model: "command-a-03-2025", max_tokens: 8 },
      },
    ]);
  });

  test("tells a refusal with its remedy, and asks once", async () => {
    mock.status = 401;
    mock.asked.length = 0;
    const { code, finding } = await live();
    expect(code).toBe(1);
    expect(finding).toMatchObject({
      level: "blocker",
      found: expect.stringMatching(/answered 401 in .* s: /),
      remedy: expect.stringContaining(`set ${stack} cohereApiKey`),
    });
    expect(mock.asked).toHaveLength(1);
  });

  test("names another host to which the call was led, and an answer that says nothing", async () => {
    mock.status = 200;
    const other = await startCohereMock();
    mock.redirect = `${other.modelApiBase}/chat`;
    const led = await live();
    mock.redirect = "";
    other.close();
    expect(led.code).toBe(1);
    expect(led.finding).toMatchObject({
      level: "blocker",
      found: expect.stringContaining(
        `and redirected the call to ${other.modelApiBase}/chat, which answered 200`,
      ),
    });

    const { says } = mock;
    mock.says = { ...says, message: { role: "assistant", content: [] } };
    const { finding } = await live();
    mock.says = says;
    expect(finding).toMatchObject({
      level: "blocker",
      found: expect.stringMatching(/, with an empty answer$/),
    });
  });

  test("does not ask where the route is overridden, or for nothing", async () => {
    mock.asked.length = 0;
    const { code, finding } = await live({ COHERE_API_BASE: `${mock.modelApiBase}/chat?` });
    expect(code).toBe(1);
    expect(finding?.found).toMatch(/^not asked: the model's route is not as configured:/);
    expect(finding?.remedy).toContain("unset COHERE_API_BASE");
    await lab.machine(["doctor", stack]);
    expect(mock.asked).toEqual([]);
  });

  test("tells that nobody answers", async () => {
    mock.close();
    const { code, finding } = await live();
    expect(code).toBe(1);
    expect(finding).toMatchObject({ level: "blocker", found: expect.stringContaining("did not answer in") });
    expect(finding?.remedy).toContain("curl");
  });
});

test("the key is in no message and no output", () => {
  expect(messages).not.toBe("");
  expect(messages + lab.printed).not.toContain(key);
});
