import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { readPairs } from "../../../benchmark/pairs.ts";
import { isRunGoing } from "../../../cli/live-runs.ts";
import { planCheck } from "../../../cli/plan-check.ts";
import { callerOf, recordedOutput } from "../../caller.ts";
import { jsonOutput } from "../../json-output.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const projectDir = join(import.meta.dirname, "../../..");

vi.mock("../../../cli/live-runs.ts", () => ({ isRunGoing: vi.fn() }));
beforeEach(() => {
  vi.mocked(isRunGoing).mockResolvedValue(false);
});

// Imitations of what CooperBench writes; tests/machine/benchmark has it write them itself.
let logs: string;
beforeEach(() => {
  logs = temporaryFolder("runs-");
});

const model = "cohere/command-a-03-2025";
const good = { status: "Submitted", steps: 12, cost: 0.1, error: null };
const failed = (error: string) => ({ status: "Error", steps: 0, cost: 0, error });
const noRedis = failed("Error 111 connecting to localhost:6379. Connection refused.");
const tests = { passed: true, test_output: "1 passed" };

interface Made {
  readonly run?: string;
  readonly setting?: string;
  readonly repo?: string;
  readonly task?: number;
  readonly features?: readonly [number, number];
  readonly agents?: readonly object[];
  /** What its files have otherwise; null for no such file. */
  readonly result?: object | null;
  readonly evaluation?: object | null;
  readonly config?: object | null;
}

/** Makes a pair of a run, and gives its folder. */
function make(made: Made = {}): string {
  const { run = "night", setting = "solo", repo = "dspy_task", task = 8394, features = [1, 2] } = made;
  const { agents = setting === "solo" ? [good] : [good, good], evaluation, result, config } = made;
  const folder = join(logs, run, setting, repo, `${task}`, `f${features[0]}_f${features[1]}`);
  mkdirSync(folder, { recursive: true });
  const write = (file: string, usual: object, other: object | null = {}) =>
    other === null || writeFileSync(file, JSON.stringify({ ...usual, ...other }));
  const named = { agent_framework: "mini_swe_agent_v2", model, setting };
  const pair = { repo, task_id: task, features };
  const all =
    setting === "solo"
      ? { agent: agents[0] }
      : { agents: Object.fromEntries(agents.map((agent, at) => [`agent${at + 1}`, agent])) };
  write(join(logs, run, "config.json"), { ...named, total_tasks: 1 }, config);
  write(join(folder, "result.json"), { ...pair, ...named, ended_at: "2026-01-01T00:00:00", ...all }, result);
  write(join(folder, "solo_traj.json"), { messages: [] });
  for (const feature of features) write(join(folder, `agent${feature}_traj.json`), { messages: [] });
  const evaluated = { both_passed: true, error: null, evaluated_at: "2026-01-01T00:01:00" };
  write(join(folder, "eval.json"), { ...pair, feature1: tests, feature2: tests, ...evaluated }, evaluation);
  return folder;
}

/** What the check of a run prints, and its exit code. */
async function checked(run = join(logs, "night"), json = false, stack?: string, watch = false) {
  const { output, printed } = recordedOutput();
  const code = await planCheck(
    { stack, check: run, json, watch },
    { ...callerOf(projectDir, "none"), output },
  );
  return { code, printed: printed() };
}

/** What the check of a run without a stack says at last. */
const next = () => `Next: ./machine plan --check ${join(logs, "night")}\n`;

test("a run whose results are all the model's gives 0 and its verdict", async () => {
  make();
  expect(await checked()).toEqual({
    code: 0,
    printed: `Done: night: 1 of 1 results are the model's, 1 of 1 evaluated ones passed\n${next()}`,
  });
});

test("what helps names the stack", async () => {
  make({ agents: [noRedis] });
  expect((await checked(join(logs, "night"), false, "dev")).printed).toContain(
    "  ./machine set dev coop true\n",
  );
});

test("the check ends with what does the pairs again, and with 1", async () => {
  make({ agents: [noRedis] });
  const { code, printed } = await checked();
  expect(code).toBe(1);
  expect(printed).toContain("MACHINE  solo dspy_task/8394 1,2  there was no Redis (Error 111 connecting");
  expect(printed).toContain("\n  docker start cooperbench-redis\n");
  expect(printed).toContain(
    `in the checkout: cd ${dirname(logs)}\nagain: .venv/bin/cooperbench run -n night -r dspy_task -t 8394 -f 1,2 --force --setting solo -m ${model}\n`,
  );
  expect(printed).toContain("night: 0 of 1 results are the model's");
  expect(printed).toMatch(/\nNext: docker start cooperbench-redis\n$/);
});

test("a run that is followed to its end says what fails, and that the first results are the machine's, before its report", async () => {
  for (const task of [1, 2, 3]) make({ task, agents: [noRedis], config: { total_tasks: 3, concurrency: 2 } });
  const { code, printed } = await checked(undefined, false, undefined, true);
  expect(code).toBe(1);
  expect(printed).toMatch(
    /^MACHINE {2}solo dspy_task\/1 1,2 {2}there was no Redis .*\n(MACHINE .*\n){2}the first 3 results are the machine's: stop the run, then run:\n {2}\.\/machine plan .*--check .*night\nnight: 3 of 3 pairs done, 0 under way, 3 evaluated, 0 passed, 3 failed by the machine\n/,
  );
  expect(printed.match(/the first 3 results/g)).toHaveLength(1);
});

test("of a run that goes on, what has no result yet is told apart, and nothing is to be given again", async () => {
  const config = { total_tasks: 4, concurrency: 2 };
  make({ task: 1, config });
  make({ task: 2, agents: [noRedis], config });
  rmSync(join(make({ task: 3, config }), "result.json"));
  expect((await checked()).printed).toContain("MACHINE  solo dspy_task/3 1,2  there is no result.json");

  vi.mocked(isRunGoing).mockResolvedValue(true);
  const { code, printed } = await checked();
  expect(code).toBe(1);
  expect(printed).toMatch(
    /^MACHINE {2}solo dspy_task\/2 1,2 .*\nRUNNING {2}solo dspy_task\/3 1,2 {2}it has no result yet\n(Fix: .*\n {2}.*\n)+Under way: night: 2 of 4 pairs done, 2 under way, 2 evaluated, 1 passed, 1 failed by the machine\nNext: .* --watch\n$/,
  );
  expect(jsonOutput("plan --check", (await checked(undefined, true)).printed)).toMatchObject({
    isGoing: true,
    pairs: [{ kind: "valid" }, { kind: "machine" }, { kind: "running" }],
  });
});

test("the plan's run without messages is done again without them; of other runs it is said that none knows", async () => {
  make({ setting: "coop", agents: [noRedis, good] });
  const unsure =
    "add the run's other options to these, such as --no-messaging: its files do not say which it had\n";
  const night = (await checked()).printed;
  expect(night).toContain(`--force --setting coop -m ${model}\n`);
  expect(night).toContain(unsure);

  renameSync(join(logs, "night"), join(logs, "coop-silent"));
  const silent = (await checked(join(logs, "coop-silent"))).printed;
  expect(silent).toContain(`--force --setting coop --no-messaging -m ${model}\n`);
  expect(silent).not.toContain(unsure);
});

describe("the advice leads to no wrong figure:", () => {
  test("an Error that was done again is evaluated again, by force", async () => {
    make({
      evaluation: { both_passed: false, feature1: { passed: false }, evaluated_at: "2025-12-31T23:59:59.9" },
    });
    const { code, printed } = await checked();
    expect(printed).toContain(
      "EVALUATION  solo dspy_task/8394 1,2  its evaluation (2025-12-31T23:59:59.9) is older",
    );
    expect(printed).toContain(
      "again: .venv/bin/cooperbench eval -n night -r dspy_task -t 8394 -f 1,2 --force\n",
    );
    expect(printed).toContain(
      `Next: cd ${dirname(logs)} && .venv/bin/cooperbench eval -n night -r dspy_task -t 8394 -f 1,2 --force\n`,
    );
    expect(code).toBe(1);
  });

  test("what nobody knows is not done again: the model would have another try", async () => {
    make({ agents: [failed("KeyError: 'odd'")] });
    const { code, printed } = await checked();
    expect(printed).toMatch(
      /^UNKNOWN {2}solo dspy_task\/8394 1,2 {2}solo ended with Error: KeyError: 'odd'$/m,
    );
    expect(printed).toContain("Fix: look at solo/dspy_task/8394/f1_f2/result.json");
    expect(printed).not.toContain("again:");
    expect(code).toBe(1);
  });

  test("a pair without a result is done with the run's model, and by the run's command where none says which", async () => {
    make({ result: null });
    expect((await checked()).printed).toContain(`--setting solo -m ${model}\n`);
    make({ result: null, config: null });
    rmSync(join(logs, "night", "config.json"));
    const { printed } = await checked();
    expect(printed).toContain("again: solo dspy_task/8394 1,2, with the run's own command");
    expect(printed).not.toContain("cooperbench run");
  });

  test("another agent than the default one is named", async () => {
    make({ config: { agent_framework: "codex" }, result: null });
    expect((await checked()).printed).toContain(`--setting solo -a codex -m ${model}\n`);
  });
});

describe("a run of the plan", () => {
  test.each([
    ["solo", 99, 100],
    ["smoke", 4, 5],
  ])("(%s) is to have all its pairs, whatever its last command was for", async (run, missing, wanted) => {
    make({ run, features: [3, 4] });
    const { code, printed } = await checked(join(logs, run), false, "dev");
    expect(printed).toContain(`${missing} of ${wanted} pairs have no result: run its command again`);
    expect(printed.match(/^MISSING +solo \w+\/\d+ \d+,\d+ +it has no result$/gm)).toHaveLength(missing);
    expect(printed).not.toContain("MISSING  solo dspy_task/8394 3,4");
    expect(code).toBe(1);
  });

  test("is whole with the plan's own pairs, and not with as many others", async () => {
    const pairs = [...readPairs("lite")].flatMap(([task, of]) => of.map((pair) => [task, pair] as const));
    for (const [task, [first, second]] of pairs) {
      const [repo = "", number] = task.split("/");
      make({
        run: "solo",
        repo,
        task: Number(number),
        features: [first, second],
        config: { total_tasks: 1 },
      });
    }
    expect((await checked(join(logs, "solo"), false, "dev")).code).toBe(0);

    const at = join(logs, "solo", "solo", "dspy_task", "8394");
    const [[first, second] = [0, 0]] = readPairs("lite").get("dspy_task/8394") ?? [];
    rmSync(join(at, `f${first}_f${second}`), { recursive: true });
    make({ run: "solo", features: [91, 92] });
    const { code, printed } = await checked(join(logs, "solo"), false, "dev");
    expect(printed).toMatch(/^FOREIGN {2}solo dspy_task\/8394 91,92 +the plan has no such pair$/m);
    expect(printed).toMatch(
      new RegExp(`^MISSING {2}solo dspy_task/8394 ${first},${second} +it has no result$`, "m"),
    );
    expect(printed).toContain("Fix: move solo/dspy_task/8394/f91_f92 out of the run's folder");
    expect(code).toBe(1);
  });

  test.each<[string, Made, RegExp]>([
    ["setting", { setting: "coop" }, /its setting is coop, and the plan has solo/],
    ["model", { result: { model: "cohere/command-r" } }, /its model is cohere\/command-r, and the plan has/],
    [
      "agent",
      { result: { agent_framework: "codex" } },
      /its agent is codex, and the plan has mini_swe_agent_v2/,
    ],
  ])("has no results of another %s, and they are not overwritten", async (_, made, reason) => {
    make({ run: "smoke", features: [3, 4], ...made });
    const { code, printed } = await checked(join(logs, "smoke"), false, "dev");
    expect(printed).toMatch(/^FOREIGN {2}/);
    expect(printed).toMatch(reason);
    expect(printed).not.toContain("again:");
    expect(code).toBe(1);
  });
});

test("another run is judged by its own config.json, whatever the stack's model is", async () => {
  make({ config: { model: "cohere/command-r", total_tasks: 3 }, result: { model: "cohere/command-r" } });
  const { code, printed } = await checked();
  expect(printed).toBe(
    "2 of 3 pairs have no result: run its command again, and it goes on where it stopped\n" +
      "Failed: night: 1 of 1 results are the model's, 1 of 1 evaluated ones passed\n" +
      "Next: run its command again, and it goes on where it stopped\n",
  );
  expect(code).toBe(1);
});

test("its config.json is of one setting: the pairs of another are none of those that it counts", async () => {
  make({ setting: "coop" });
  make({ config: { total_tasks: 2 } });
  expect((await checked()).printed).toContain("1 of 2 pairs have no result");
});

test("what was not evaluated is told with its command, and is valid all the same", async () => {
  make({ evaluation: null });
  expect(await checked()).toEqual({
    code: 0,
    printed:
      `in the checkout: cd ${dirname(logs)}\n` +
      "1 not evaluated: .venv/bin/cooperbench eval -n night\n" +
      `Done: night: 1 of 1 results are the model's, 0 of 0 evaluated ones passed\n${next()}`,
  });
});

test("--json has all that the exit code comes from, and not what tests have printed", async () => {
  make({ agents: [noRedis], config: { total_tasks: 2 } });
  const { code, printed } = await checked(undefined, true);
  expect(jsonOutput("plan --check", printed)).toMatchObject({
    run: "night",
    isValid: false,
    wanted: 2,
    missing: 1,
    missingPairs: [],
    configuration: { model, agentFramework: "mini_swe_agent_v2", setting: "solo", unreadable: "" },
    pairs: [
      {
        kind: "machine",
        reasons: [expect.stringContaining("there was no Redis")],
        remedies: [
          { command: ["docker", "start", "cooperbench-redis"] },
          { command: ["./machine", "set", "STACK", "coop", "true"] },
        ],
        pair: {
          setting: "solo",
          task: "dspy_task/8394",
          features: [1, 2],
          evaluation: { passed: true },
        },
      },
    ],
  });
  expect(printed).not.toContain("1 passed");
  expect(code).toBe(1);
});

test.each([false, true])(
  "a key that an API has said in its refusal is not said again (--json: %s)",
  async (json) => {
    // A run's folder is logs/NAME in the checkout, where the key is.
    const checkout = logs;
    logs = join(checkout, "logs");
    mkdirSync(logs);
    writeFileSync(join(checkout, ".env"), "COHERE_API_KEY='canary-3fd0'\n");
    make({ agents: [failed("litellm.AuthenticationError: invalid api token: Bearer canary-3fd0")] });
    const { printed } = await checked(undefined, json);
    logs = checkout;
    expect(printed).toContain("invalid api token: Bearer [key]");
    expect(printed).not.toContain("canary");
  },
);

test.each([false, true])("nothing of a file reaches the terminal as it is (--json: %s)", async (json) => {
  const odd = "odd \u001b[2J \u009b31m \u202e \u{e0041} \r end";
  make({ agents: [failed(odd)], repo: "x\u001b[2J_task" });
  const { printed } = await checked(undefined, json);
  expect(printed).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
  if (json) expect(JSON.parse(printed).pairs[0].reasons[0]).toContain(odd);
  else expect(printed).toContain("\\u001b[2J \\u009b31m \\u202e \\udb40\\udc41 \\u000d end");
});

describe("no folder makes a stack trace:", () => {
  const night = (...path: readonly string[]) => join(logs, "night", ...path);

  test.each<[string, string, RegExp]>([
    ["cut off", '{"model": "coh', /config\.json is no JSON, as where it was cut off/],
    ["empty", "", /config\.json is no JSON/],
    ["a list", "[]", /config\.json is not as CooperBench writes it/],
    ["null", "null", /config\.json is not as CooperBench writes it: .*received null/],
    ["JSON behind a byte order mark", "\ufeff{}", /config\.json begins with a byte order mark/],
    [
      "of wrong types",
      `{"model":"m","agent_framework":"a","setting":"solo","total_tasks":"5"}`,
      /total_tasks/,
    ],
  ])("a config.json that is %s", async (_, text, reason) => {
    make();
    writeFileSync(night("config.json"), text);
    const { code, printed } = await checked();
    expect(printed).toMatch(/^what night was to do is not known: /);
    expect(printed).toMatch(reason);
    expect(code).toBe(1);
  });

  test("a config.json that is a folder", async () => {
    make();
    rmSync(night("config.json"));
    mkdirSync(night("config.json"));
    expect(await checked()).toMatchObject({
      code: 1,
      printed: expect.stringContaining("config.json is no file"),
    });
  });

  test.each([".", "..", "../logs", "", "./", "night/..", "no", "night/config.json", "x".repeat(5000)])(
    "%j is no run",
    async (run) => {
      make();
      const caller = callerOf(projectDir, "none");
      await expect(
        planCheck({ stack: "dev", check: run, json: false, watch: false }, caller),
      ).rejects.toThrow(/there is no run|cannot be read/);
    },
  );

  test.each(["config.json", "solo/dspy_task", "", "..", "solo"])(
    "neither is %j of a run, by its path",
    async (path) => {
      make();
      await expect(checked(night(path) === night() && path === "" ? "/" : night(path))).rejects.toThrow(
        /there is no run .*\nFix: give the name of a run/,
      );
    },
  );

  test("folders that are no results, as CooperBench takes them", async () => {
    make();
    for (const path of [
      "solo/dspy_task/x8394/f1_f2",
      "solo/dspy_task/8394/g1",
      "solo/dspy_task/8394/f1",
      "notes",
    ])
      mkdirSync(night(path), { recursive: true });
    writeFileSync(night("solo", "notes_task"), "");
    expect((await checked()).code).toBe(0);
  });

  test("links to results are results, and links to nothing are none", async () => {
    const folder = make();
    renameSync(folder, join(logs, "elsewhere"));
    symlinkSync(join(logs, "elsewhere"), folder);
    symlinkSync(join(logs, "nowhere"), join(dirname(folder), "f3_f4"));
    symlinkSync(night(), night("coop"));
    expect(await checked()).toMatchObject({ code: 0, printed: expect.stringContaining("1 of 1 results") });
  });

  test("a folder that CooperBench would name otherwise", async () => {
    const folder = make();
    renameSync(folder, join(dirname(folder), "f02_f1"));
    const { code, printed } = await checked();
    expect(printed).toContain("CooperBench would name its folder solo/dspy_task/8394/f1_f2");
    expect(code).toBe(1);
  });

  test("a file without an end, and one that is too large", async () => {
    const folder = make();
    rmSync(join(folder, "eval.json"));
    symlinkSync("/dev/zero", join(folder, "eval.json"));
    expect((await checked()).printed).toContain("eval.json is no file");
    rmSync(join(folder, "result.json"));
    writeFileSync(join(folder, "result.json"), "");
    truncateSync(join(folder, "result.json"), 3 * 2 ** 30);
    expect((await checked()).printed).toMatch(/result\.json has 3\.22 GB, more than/);
  });
});

test("whatever its files hold, a run is judged, and nothing of it is printed as it is", async () => {
  const folder = make({ setting: "coop", agents: [{ ...good, status: "LimitsExceeded" }, good] });
  const files = ["result.json", "eval.json", "agent1_traj.json", "../../../../config.json"].map((name) =>
    join(folder, name),
  );
  const usual = files.map((file) => readFileSync(file, "utf8"));
  const text = fc.oneof(fc.json(), fc.string(), fc.constantFrom("NaN", "-Infinity", '{"a":', "\u0000"));
  const change = fc.record({ file: fc.nat(3), at: fc.nat(60), to: fc.jsonValue(), all: fc.option(text) });
  await fc.assert(
    fc.asyncProperty(change, async ({ file, at, to, all }) => {
      const read = JSON.parse(usual[file] ?? "");
      const places = placesIn(read);
      const [of, key] = places[at % places.length] ?? [read, "model"];
      of[key] = to;
      for (const [each, path] of files.entries())
        writeFileSync(path, each === file ? (all ?? JSON.stringify(read)) : (usual[each] ?? ""));
      for (const json of [false, true]) {
        const { code, printed } = await checked(undefined, json);
        expect([0, 1]).toContain(code);
        expect(printed).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
      }
    }),
    { numRuns: 300 },
  );
});

/** Each place of a JSON value, as what it is in and its key there. */
function placesIn(value: unknown): readonly [Record<string, unknown>, string][] {
  if (typeof value !== "object" || value === null) return [];
  const of = value as Record<string, unknown>;
  return Object.keys(of).flatMap((key) => [[of, key] as [typeof of, string], ...placesIn(of[key])]);
}

test("a link to itself is no folder, no file and no patch", async () => {
  const folder = make();
  for (const name of ["solo.patch", "../f7_f8", "../../../loop_task", "../../../../team"])
    symlinkSync(basename(name), join(folder, name));
  expect((await checked()).code).toBe(0);
  rmSync(join(folder, "eval.json"));
  symlinkSync("eval.json", join(folder, "eval.json"));
  expect((await checked()).printed).toContain("eval.json cannot be read: ELOOP");
});

test("a run that is not there is named with the folder that was looked for", async () => {
  await expect(checked(join(logs, "no"))).rejects.toThrow(/there is no run .*\nFix: give the name of a run/);
});
