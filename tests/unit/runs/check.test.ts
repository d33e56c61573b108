import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { planCheck } from "../../../cli/plan-check.ts";
import { judge } from "../../../runs/judge.ts";
import { readRun } from "../../../runs/read-run.ts";

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

test("the check ends with what does the pairs again, and with 1", async () => {
  verdictOf({ result: failed("Error 111 connecting to localhost:6379.") });
  let printed = "";
  const write = process.stdout.write;
  process.stdout.write = ((text: string) => {
    printed += text;
    return true;
  }) as typeof write;
  const code = await planCheck(undefined, join(logs, "night"), false).finally(() => {
    process.stdout.write = write;
  });
  expect(code).toBe(1);
  expect(printed).toContain("MACHINE  solo dspy_task/8394 1,2  there was no Redis (Error 111 connecting");
  expect(printed).toContain(
    "again: .venv/bin/cooperbench run -n night -r dspy_task -t 8394 -f 1,2 --force --setting solo -m cohere/command-a-03-2025\n",
  );
  expect(printed).toContain("night: 0 of 1 results are the model's");
});

test("a run that is not there is named with the folder that was looked for", async () => {
  await expect(planCheck(undefined, join(logs, "no"), false)).rejects.toThrow(
    /there is no run .*want the name of one/,
  );
});
