import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { judge } from "../../../benchmark/judge.ts";
import { readRun } from "../../../benchmark/read-run.ts";
import { planCheck } from "../../../cli/plan-check.ts";
import { callerOf, recordedOutput } from "../../caller.ts";

const projectDir = join(import.meta.dirname, "../../..");

// Folders are made as CooperBench 0.0.29 writes them (runner/solo.py, runner/coop.py, eval/evaluate.py).
let logs: string;
beforeEach(() => {
  logs = mkdtempSync(join(tmpdir(), "runs-"));
});
afterEach(() => rmSync(logs, { recursive: true }));

const good = { status: "Submitted", steps: 12, cost: 0.1, error: null };

interface Made {
  readonly setting?: string;
  readonly result?: unknown;
  readonly evaluation?: unknown;
  readonly messages?: readonly unknown[];
}

/** Makes a run of one pair, and gives its verdict. */
function verdictOf({ setting = "solo", result = { agent: good }, evaluation, messages = [] }: Made) {
  const folder = join(logs, "night", setting, "dspy_task", "8394", "f1_f2");
  mkdirSync(folder, { recursive: true });
  const write = (name: string, content: unknown) =>
    content === undefined || content === null || writeFileSync(join(folder, name), JSON.stringify(content));
  writeFileSync(
    join(logs, "night", "config.json"),
    JSON.stringify({
      model: "cohere/command-a-03-2025",
      agent_framework: "mini_swe_agent_v2",
      total_tasks: 1,
    }),
  );
  write("result.json", result);
  write("eval.json", evaluation);
  write("solo_traj.json", { messages });
  const [pair] = readRun(join(logs, "night"), "night").pairs;
  if (pair === undefined) throw new Error("the pair was not found");
  return judge(pair);
}

const failed = (error: string) => ({ agent: { status: "Error", steps: 0, error } });

describe("a result is the model's,", () => {
  test.each([
    ["where it was submitted and passed", { evaluation: { both_passed: true, error: null } }],
    ["where it was submitted and did not pass", { evaluation: { both_passed: false, error: null } }],
    ["where the agent came to its limits", { result: { agent: { ...good, status: "LimitsExceeded" } } }],
    ["where it was not evaluated yet", {}],
    ["of both agents", { setting: "coop", result: { agents: { agent1: good, agent2: good } } }],
    [
      "whatever its own commands print",
      { messages: [{ role: "tool", content: '{"returncode": 1, "output": "Traceback: redis 404"}' }] },
    ],
  ] satisfies [string, Made][])("%s", (_, made) => {
    expect(verdictOf(made)).toMatchObject({ kind: "valid", reasons: [], remedies: [] });
  });
});

describe("a result is the machine's: ", () => {
  test.each<[string, Made, RegExp]>([
    [
      "no image",
      { result: failed("Command '['docker', 'run', '-d', 'x']' returned non-zero exit status 125.") },
      /for want of its image.*125/,
    ],
    ["no bash in the image", { result: failed("… returned non-zero exit status 127.") }, /bash/],
    [
      "a pull inside the start",
      { result: failed("Command '['docker', 'run', '-d']' timed out after 120 seconds") },
      /did not start in time/,
    ],
    [
      "no engine",
      { result: failed("Cannot connect to the Docker daemon at unix:///x") },
      /engine did not answer/,
    ],
    ["a full disk", { result: failed("write /x: no space left on device") }, /disk was full/],
    [
      "no Redis",
      { result: failed("Error 111 connecting to localhost:6379. Connection refused.") },
      /no Redis/,
    ],
    [
      "no Redis at a port of the user's own",
      { result: failed("Error 111 connecting to 127.0.0.1:39567. Connection refused.") },
      /no Redis/,
    ],
    [
      "a wrong key",
      { result: failed("litellm.AuthenticationError: CohereException - invalid api token") },
      /refused the key/,
    ],
    [
      "a wrong base",
      { result: failed("litellm.NotFoundError: 404 page not found") },
      /no such path or model/,
    ],
    ["a rate limit", { result: failed("litellm.RateLimitError: 429") }, /limited the rate/],
    [
      "no network",
      { result: failed("litellm.APIConnectionError: Name or service not known") },
      /out of reach/,
    ],
    [
      "a refusal that litellm calls a lost connection",
      { result: failed('litellm.APIConnectionError: Cohere_chatException - {"message":"no access"}') },
      /answered, and refused.*no access/,
    ],
    ["trouble over there", { result: failed("litellm.ServiceUnavailableError: 503") }, /trouble of its own/],
    [
      "a traceback, told by its last line",
      { result: failed("Traceback (most recent call last):\n  File x\nKeyError: 'odd'") },
      /^KeyError: 'odd'$/,
    ],
    ["an Error without a word", { result: failed("") }, /ended with Error, which is not told/],
    ["no call of the model", { result: { agent: { ...good, steps: 0 } } }, /without one call of the model/],
    [
      "one of two agents",
      { setting: "coop", result: { agents: { agent1: good, agent2: failed("redis").agent } } },
      /no Redis/,
    ],
    ["an interruption", { result: null }, /no result\.json/],
    ["a file that was cut off", { result: "half" }, /not as CooperBench writes them: .*expected object/i],
    [
      "a container that was gone",
      {
        messages: [
          {
            role: "tool",
            content:
              '{"returncode": 1, "output": "Error response from daemon: container 1f is not running\\n"}',
          },
        ],
      },
      /container was gone.*is not running/,
    ],
  ])("%s", (_, made, reason) => {
    const verdict = verdictOf(made);
    expect(verdict.kind).toBe("machine");
    expect(verdict.reasons.join("; ")).toMatch(reason);
  });
});

test("an evaluation that failed is told apart, for the agents need not run again", () => {
  const verdict = verdictOf({
    evaluation: { both_passed: false, error: "docker.errors.ImageNotFound: 404" },
  });
  expect(verdict.kind).toBe("evaluation");
  expect(verdict.reasons[0]).toMatch(/want of its image/);
});

/** What the check of the run prints, and its exit code. */
async function checked(folder = join(logs, "night"), json = false, stack?: string) {
  const { output, printed } = recordedOutput();
  const code = await planCheck(stack, folder, json, { ...callerOf(projectDir, "none"), output });
  return { code, printed: printed() };
}

test("a long reason keeps its end, where a command says how it failed", () => {
  const { reasons } = verdictOf({
    result: failed(`Command '['docker', 'run', '${"x".repeat(300)}']' returned non-zero exit status 125.`),
  });
  expect(reasons[0]).toMatch(/\(Command '\['docker', 'run'.* … .*returned non-zero exit status 125\.\)$/);
});

test("the check ends with what does the pairs again, and with 1", async () => {
  verdictOf({ result: failed("Error 111 connecting to localhost:6379.") });
  const { code, printed } = await checked();
  expect(code).toBe(1);
  expect(printed).toContain("MACHINE  solo dspy_task/8394 1,2  there was no Redis (Error 111 connecting");
  expect(printed).toContain(
    "again: .venv/bin/cooperbench run -n night -r dspy_task -t 8394 -f 1,2 --force --setting solo -m cohere/command-a-03-2025\n",
  );
  expect(printed).toContain("night: 0 of 1 results are the model's");
});

test("the plan's run without messages is done again without them; of other runs it is said that none knows", async () => {
  verdictOf({ setting: "coop", result: { agents: { agent1: failed("Error").agent, agent2: good } } });
  const unsure = "add to these what the run had besides, such as --no-messaging: its files do not say\n";
  const night = (await checked()).printed;
  expect(night).toContain("--force --setting coop -m cohere/command-a-03-2025\n");
  expect(night).toContain(unsure);

  renameSync(join(logs, "night"), join(logs, "coop-silent"));
  const silent = (await checked(join(logs, "coop-silent"))).printed;
  expect(silent).toContain("--force --setting coop --no-messaging -m cohere/command-a-03-2025\n");
  expect(silent).not.toContain(unsure);
});

test.each([
  ["solo", 99, 100],
  ["smoke", 4, 5],
])(
  "the plan's run %s is to have all its pairs, whatever its last command was for",
  async (name, missing, wanted) => {
    verdictOf({ evaluation: { both_passed: true, error: null } });
    renameSync(join(logs, "night"), join(logs, name));
    const { code, printed } = await checked(join(logs, name), false, "dev");
    expect(printed).toContain(`${missing} of ${wanted} pairs have no result: give the run's command again`);
    expect(code).toBe(1);
  },
);

test("what was not evaluated is told with its command, and is valid all the same", async () => {
  verdictOf({});
  expect(await checked()).toEqual({
    code: 0,
    printed:
      "1 not evaluated: .venv/bin/cooperbench eval -n night\n" +
      "night: 1 of 1 results are the model's, 0 of 0 evaluated ones passed\n",
  });
});

test.each([false, true])(
  "a key that an API has said in its refusal is not said again (--json: %s)",
  async (json) => {
    // A run's folder is logs/NAME in the checkout, where the key is.
    const checkout = logs;
    logs = join(checkout, "logs");
    writeFileSync(join(checkout, ".env"), "COHERE_API_KEY='canary-3fd0'\n");
    verdictOf({ result: failed("litellm.AuthenticationError: invalid api token: Bearer canary-3fd0") });
    const { printed } = await checked(undefined, json);
    logs = checkout;
    expect(printed).toContain("invalid api token: Bearer [key]");
    expect(printed).not.toContain("canary");
  },
);

test("a run that is not there is named with the folder that was looked for", async () => {
  await expect(planCheck(undefined, join(logs, "no"), false, callerOf(projectDir, "none"))).rejects.toThrow(
    /there is no run .*want the name of one/,
  );
});
