import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test as anyTest, beforeAll, describe, expect } from "vitest";
import { agentLimitsIn } from "../../../benchmark/agent-limits.ts";
import { checkRun } from "../../../benchmark/check-run.ts";
import { countTests } from "../../../benchmark/counted-tests.ts";
import type { Kind } from "../../../benchmark/judge.ts";
import { readRun } from "../../../benchmark/read-run.ts";
import {
  askCooperbench,
  cooperbenchPython,
  type MadeAgent,
  type MadeRun,
  type MadeTry,
  type Said,
} from "./made-runs.ts";

const model = "cohere/command-a-03-2025";
const submit = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT";
const able: MadeAgent = { says: ["ls", submit] };
const fails = (said: Said): MadeAgent => ({ says: [said] });
const refused = (status: number, text: string) => fails({ status, text });
const thrown = (throws: string, text: string) => fails({ throws: `litellm.exceptions.${throws}`, text });
const gone = "Error response from daemon: No such container: CONTAINER\n";

const passes = [0, "== 3 passed in 0.10s =="] as const;
const patched = "Applying feature patch...\nFeature patch applied successfully.\n";

interface Row {
  readonly is: string;
  readonly kind: Kind;
  readonly reason?: RegExp;
  readonly agents?: readonly MadeAgent[];
  /** Of feature 2, where feature 1 passed. */
  readonly tests?: readonly [number, string];
  readonly run?: Partial<MadeRun>;
  readonly try?: Partial<MadeTry>;
  readonly tries?: readonly MadeTry[];
  /** What is done to the pair's files afterwards. */
  readonly after?: (folder: string) => void;
}

const coop = { run: { setting: "coop" } } as const;
const twice = (first: MadeAgent, evaluation: MadeTry["evaluation"]): readonly MadeTry[] => [
  { agents: [first], ...(evaluation && { evaluation }) },
  { agents: [able], evaluation: { tests: [passes, passes] } },
];
const edit = (name: string, change: (text: string) => string) => (folder: string) =>
  writeFileSync(join(folder, name), change(readFileSync(join(folder, name), "utf8")));

/** How an agent can end, each judged as a person would who reads its files. */
const agentRows: readonly Row[] = [
  { is: "submitted, and passed", kind: "valid" },
  {
    is: "an agent at its limit of calls",
    kind: "valid",
    agents: [{ goes_on: "make" }],
    tests: [1, "1 failed"],
  },
  {
    is: "an agent's own docker command, at its limit",
    kind: "valid",
    agents: [
      {
        goes_on: "docker ps",
        answers: { docker: [1, "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.\n"] },
      },
    ],
  },
  {
    is: "an agent's own docker command, and then it submits",
    kind: "valid",
    agents: [{ says: ["make test", submit], answers: { make: [1, gone] } }],
  },
  {
    is: "an agent whose commands print what a machine says",
    kind: "valid",
    agents: [
      {
        goes_on: "cat notes",
        answers: { cat: [1, "redis.exceptions.ConnectionError: 404 500\nno space left on device\n"] },
      },
    ],
  },
  {
    is: "a filled context window, whose text has the number 500",
    kind: "valid",
    agents: [
      refused(
        400,
        "too many tokens: total number of tokens in the prompt cannot exceed 500 - received 132500",
      ),
    ],
  },
  {
    is: "a filled context window by litellm's own name",
    kind: "valid",
    agents: [thrown("ContextWindowExceededError", "prompt is too long: 128500 of huggingface_datasets_task")],
  },
  {
    is: "a refused key",
    kind: "machine",
    reason: /refused the key/,
    agents: [refused(401, "invalid api token")],
  },
  {
    is: "a model that is not there",
    kind: "machine",
    reason: /no such path or model/,
    agents: [thrown("NotFoundError", "404")],
  },
  {
    is: "a limited rate",
    kind: "machine",
    reason: /limited the rate/,
    agents: [thrown("RateLimitError", "429 too many requests")],
  },
  {
    is: "an API that refuses with another status",
    kind: "machine",
    reason: /refused/,
    agents: [refused(403, "no access")],
  },
  {
    is: "an API in trouble",
    kind: "machine",
    reason: /trouble of its own/,
    agents: [thrown("ServiceUnavailableError", "503")],
  },
  {
    is: "no network",
    kind: "machine",
    reason: /out of reach/,
    agents: [thrown("APIConnectionError", "[Errno -2] Name or service not known")],
  },
  {
    is: "a request that the API calls bad, which a model may have brought about",
    kind: "unknown",
    reason: /BadRequestError/,
    agents: [thrown("BadRequestError", "invalid request: tool call without a name")],
  },
  {
    is: "an exception that nobody knows",
    kind: "unknown",
    reason: /odd thing/,
    agents: [fails({ throws: "builtins.RuntimeError", text: "an odd thing of huggingface_datasets_task" })],
  },
  {
    is: "a limit of all calls in the shell",
    kind: "machine",
    reason: /limit of all calls/,
    agents: [
      fails({ throws: "builtins.RuntimeError", text: "Global cost/call limit exceeded: $1.0000 / 9" }),
    ],
  },
  { is: "no image", kind: "machine", reason: /for want of its image/, agents: [{ start: { code: 125 } }] },
  {
    is: "no bash in the image",
    kind: "machine",
    reason: /could not run/,
    agents: [{ start: { code: 127 } }],
  },
  {
    is: "a pull inside the start",
    kind: "machine",
    reason: /in time/,
    agents: [{ start: { times_out: true } }],
  },
  {
    is: "no docker command",
    kind: "machine",
    reason: /engine did not answer/,
    agents: [{ start: { missing: true } }],
  },
  {
    is: "a container that was gone",
    kind: "machine",
    reason: /gone/,
    agents: [{ says: ["ls"], goes_on: "make", answers: { make: [1, gone] } }],
  },
  {
    is: "a container that was gone after two hours",
    kind: "machine",
    reason: /after 2 hours/,
    agents: [{ goes_on: "make", answers: { make: [1, gone] } }],
    after: edit("result.json", (text) =>
      text.replace(/"duration_seconds": [\d.]+/, '"duration_seconds": 7300.1'),
    ),
  },
  {
    is: "no Redis",
    ...coop,
    kind: "machine",
    reason: /no Redis/,
    agents: [able, able],
    try: { redis: "redis://127.0.0.1:1" },
  },
  {
    is: "one of two agents without an image",
    ...coop,
    kind: "machine",
    reason: /want of its image/,
    agents: [able, { start: { code: 125 } }],
  },
  { is: "two agents that submit", ...coop, kind: "valid", agents: [able, able] },
  {
    is: "another framework's end",
    kind: "valid",
    run: { framework: "openhands_sdk" },
    agents: [{ framework_result: { status: "CostLimitExceeded", cost: 9, steps: 12 } }],
  },
  {
    is: "an end that the framework does not have",
    kind: "unknown",
    reason: /TimeoutError, which is no known end/,
    agents: [{ framework_result: { status: "TimeoutError", cost: 0.1, steps: 12 } }],
    run: { framework: "swe_agent" },
  },
  {
    is: "a framework that counts no calls",
    kind: "unknown",
    reason: /without one call/,
    agents: [{ framework_result: { status: "Submitted", cost: 0, steps: 0 } }],
    run: { framework: "codex" },
  },
  {
    // An imitation: no version that is known writes it.
    is: "a limit that is not CooperBench's",
    kind: "unknown",
    reason: /after 12 calls and \$0\.00, and CooperBench's are 100 calls and \$3/,
    agents: [{ goes_on: "make" }],
    after: edit("result.json", (text) => text.replace('"steps": 100', '"steps": 12')),
  },
];

/** How an evaluation can end. */
const evaluationRows: readonly Row[] = [
  { is: "tests that fail", kind: "valid", tests: [1, "== 1 failed, 2 passed in 0.10s =="] },
  {
    is: "a patch that does not apply",
    kind: "valid",
    tests: [1, "error: patch failed: x:1\nerror: x: patch does not apply\n"],
  },
  {
    is: "an empty patch, git's 128",
    kind: "valid",
    tests: [128, 'error: No valid patches in input (allow with "--allow-empty")\n'],
  },
  { is: "a corrupt patch", ...coop, kind: "valid", tests: [128, "error: corrupt patch at line 12\n"] },
  {
    is: "a patch that does not compile (cargo)",
    kind: "valid",
    tests: [
      101,
      `${patched}error[E0425]: cannot find value\n --> src/x.rs:1:1\nerror: could not compile \`typst\` (lib)\n`,
    ],
  },
  {
    is: "a patch that does not compile (Jest)",
    kind: "valid",
    tests: [1, "Test suite failed to run\nTests: 0 total"],
  },
  {
    is: "a package that does not build (Go)",
    kind: "valid",
    tests: [1, "FAIL\tgithub.com/go-chi/chi [build failed]\n"],
  },
  {
    is: "two patches that conflict",
    ...coop,
    kind: "valid",
    try: { evaluation: { merge: "conflicts", tests: [passes, [1, "1 failed"]] } },
  },
  {
    is: "one of two patches that does not apply",
    ...coop,
    kind: "valid",
    try: { evaluation: { applied: ["APPLIED", "FAILED"], tests: [passes, [1, "1 failed"]] } },
  },
  {
    is: "two patches that are the same",
    ...coop,
    kind: "valid",
    agents: [
      { ...able, patch: "diff --git a/x b/x\n" },
      { ...able, patch: "diff --git a/x b/x\n" },
    ],
  },
  ...(["solo", "coop"] as const).flatMap((setting): readonly Row[] => [
    {
      is: `the time limit of an evaluation (${setting})`,
      run: { setting },
      kind: "evaluation",
      reason: /feature 2: .*in the time that CooperBench gives/,
      tests: [-1, "Command timed out after 600 seconds"],
    },
    {
      is: `no runner (${setting})`,
      run: { setting },
      kind: "evaluation",
      reason: /could not run what its tests need/,
      tests: [127, "bash: /usr/local/bin/runner.sh: No such file or directory\n"],
    },
    {
      is: `memory (${setting})`,
      run: { setting },
      kind: "evaluation",
      reason: /killed/,
      tests: [
        137,
        `${patched}/usr/local/bin/runner.sh: line 61:    31 Killed                  python -m pytest x -v\n`,
      ],
    },
    {
      is: `a full disk (${setting})`,
      run: { setting },
      kind: "evaluation",
      reason: /disk was full/,
      tests: [
        1,
        `${patched}ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n`,
      ],
    },
    {
      is: `no names in a container (${setting})`,
      run: { setting },
      kind: "evaluation",
      reason: /no network/,
      tests: [
        1,
        `${patched}WARNING: Retrying: NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution\nERROR: No matching distribution found for setuptools\n`,
      ],
    },
    {
      is: `a runner that prints no count (${setting})`,
      run: { setting },
      kind: "unknown",
      reason: setting === "solo" ? /does not tell why/ : /ended with 0, and CooperBench counts none/,
      tests: [0, `${patched}Test execution completed!\n`],
    },
    {
      is: `a runner that ends without a word (${setting})`,
      run: { setting },
      kind: "unknown",
      reason: /does not tell why/,
      tests: [1, patched],
    },
    {
      is: `tests that are about a full disk (${setting})`,
      run: { setting },
      kind: "unknown",
      reason: /5 tests passed, and the output has words/,
      tests: [1, "E   OSError: [Errno 28] No space left on device\n== 1 failed, 5 passed in 0.1s =="],
    },
  ]),
  {
    is: "a network that was back, and a patch that does not compile",
    kind: "valid",
    tests: [
      101,
      "warning: spurious network error: dns error\nerror[E0425]: x\n --> a.rs:1:1\nerror: could not compile `typst`\n",
    ],
  },
  {
    is: "a runner's own time limit",
    ...coop,
    kind: "evaluation",
    reason: /their runner gives/,
    tests: [124, patched],
  },
  { is: "a crash", ...coop, kind: "unknown", reason: /signal 11/, tests: [139, patched] },
  {
    is: "a git that refuses",
    ...coop,
    kind: "unknown",
    reason: /does not tell why/,
    tests: [128, "fatal: detected dubious ownership in repository\n"],
  },
  {
    is: "no base commit",
    kind: "evaluation",
    reason: /Failed to get base commit SHA/,
    try: { evaluation: { no_base: true } },
  },
  {
    is: "a patch that is larger than an argument can be",
    kind: "unknown",
    reason: /more than CooperBench can evaluate, on any machine/,
    agents: [{ ...able, patch: `diff --git a/x b/x\n${"+x\n".repeat(40_000)}` }],
    try: { evaluation: { too_long: true } },
  },
  { is: "a result that was not evaluated", kind: "valid", tries: [{ agents: [able] }] },
  {
    is: "an Error that was done again, with the evaluation of its first try",
    kind: "evaluation",
    reason: /older than its result/,
    tries: twice(
      { start: { code: 125 } },
      {
        tests: [
          [128, "error: No valid patches in input\n"],
          [128, ""],
        ],
      },
    ),
  },
  {
    is: "an Error that was done again, and then evaluated",
    kind: "valid",
    tries: twice({ start: { code: 125 } }, undefined),
  },
];

/** Files that were changed, cut off or mixed up: imitations, of CooperBench's own. */
const fileRows: readonly Row[] = [
  {
    is: "a result that was cut off",
    kind: "machine",
    reason: /cut off/,
    after: edit("result.json", (text) => text.slice(0, 99)),
  },
  {
    is: "no result",
    kind: "machine",
    reason: /interrupted/,
    after: (folder) => rmSync(join(folder, "result.json")),
  },
  {
    is: "a result without an agent",
    kind: "unknown",
    reason: /has no agent, and solo has solo/,
    after: edit("result.json", (text) => text.replace('"agent":', '"agint":')),
  },
  {
    is: "a result of two agents with one",
    ...coop,
    kind: "unknown",
    reason: /has agent1, and coop has agent1, agent2/,
    agents: [able, able],
    after: edit("result.json", (text) => {
      const read = JSON.parse(text);
      delete read.agents.agent2;
      return JSON.stringify(read);
    }),
  },
  {
    is: "a result of another pair",
    kind: "unknown",
    reason: /of another pair: solo dspy_task\/8563 1,2/,
    after: edit("result.json", (text) => text.replace('"task_id": 8394', '"task_id": 8563')),
  },
  {
    is: "a cost that is NaN",
    kind: "valid",
    after: edit("result.json", (text) => text.replaceAll(/"(total_)?cost": [\d.]+/g, '"$1cost": NaN')),
  },
  {
    is: "a result of wrong types",
    kind: "unknown",
    reason: /not as CooperBench writes it/,
    after: edit("result.json", (text) => text.replace('"steps": 2', '"steps": "2"')),
  },
  {
    is: "an evaluation that was cut off",
    kind: "evaluation",
    reason: /cut off/,
    after: edit("eval.json", (text) => text.slice(0, 99)),
  },
  {
    is: "an evaluation of another pair",
    kind: "evaluation",
    reason: /of another pair/,
    after: edit("eval.json", (text) => text.replace('"task_id": 8394', '"task_id": 8563')),
  },
  {
    is: "an evaluation against itself",
    kind: "unknown",
    reason: /another thing of the pair/,
    after: edit("eval.json", (text) => text.replace('"both_passed": true', '"both_passed": false')),
  },
  {
    is: "a result of another model",
    kind: "foreign",
    reason: /its model is cohere\/command-r/,
    after: edit("result.json", (text) => text.replace(model, "cohere/command-r")),
  },
  {
    is: "a limit without its trajectory",
    kind: "unknown",
    reason: /no solo_traj\.json/,
    agents: [{ goes_on: "make" }],
    after: (folder) => rmSync(join(folder, "solo_traj.json")),
  },
];

const rows = [...agentRows, ...evaluationRows, ...fileRows];

/** Outputs that a count is made of: those of the benchmark's runners, and odd ones. */
const outputs = [
  ...evaluationRows.flatMap(({ tests }) => tests?.[1] ?? []),
  "",
  "Tests:       2 failed, 15 passed, 17 total",
  "Tests:\n 3 passed",
  "Tests: 1 failed, 1 total\n4 passed",
  "== 1 failed, 12 passed, 2 errors in 3.2s ==",
  "2 error",
  "12 passed\n3 passed",
  "--- PASS: A\n--- PASS: B\n--- FAIL: C",
  "ok  \tgithub.com/x\t0.01s\nok  \tgithub.com/y\t0.02s [no tests to run]\n",
  "ok  a\nFAIL b [build failed]\nFAIL\n",
  "nok  a\n  ok  b\nFAIL\nok\n\n c",
  "x\rok  a",
  "test result: ok. 0 passed; 0 failed; 0 ignored\ntest result: ok. 7 passed; 0 failed",
  "0 passed\ntest result: FAILED. 4 passed; 2 failed",
  "test result: 0 passed\n4 failed",
  "error: could not compile `x` due to 1 previous error",
];

const python = await cooperbenchPython();
const test = anyTest.skipIf(python === undefined);

let root: string;
let counted: unknown;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "runs-"));
  const runs = rows.map((row, at): MadeRun => {
    const setting = row.run?.setting ?? "solo";
    const agents = row.agents ?? (setting === "solo" ? [able] : [able, able]);
    const tests = [passes, row.tests ?? passes];
    return {
      name: `run-${at}`,
      setting,
      repo: "dspy_task",
      task: 8394,
      features: [1, 2],
      framework: "mini_swe_agent_v2",
      model,
      wanted: 1,
      tries: row.tries ?? [{ agents, evaluation: { tests }, ...row.try }],
      ...row.run,
    };
  });
  if (python === undefined) return;
  const printed = await askCooperbench(python, { root, runs, outputs });
  counted = JSON.parse(printed.trim().split("\n").at(-1) ?? "");
  for (const [at, { run, after }] of rows.entries())
    after?.(join(root, "logs", `run-${at}`, run?.setting ?? "solo", "dspy_task", "8394", "f1_f2"));
}, 600_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a run that CooperBench itself has written is judged as a person would: ", () => {
  test.each(rows.map((row, at) => [row.is, row, at] as const))("%s", (_, { kind, reason }, at) => {
    const run = readRun(join(root, "logs", `run-${at}`), `run-${at}`);
    const { verdicts, isValid, missing } = checkRun(run, undefined, (setting) =>
      agentLimitsIn(root, setting),
    );
    expect(verdicts).toMatchObject([{ kind }]);
    if (reason === undefined) expect(verdicts[0]?.reasons).toEqual([]);
    else expect(verdicts[0]?.reasons.join("; ")).toMatch(reason);
    expect([isValid, missing]).toEqual([kind === "valid", 0]);
  });
});

test("tests are counted as CooperBench counts them", () => {
  expect(outputs.map(countTests)).toEqual(counted);
});
