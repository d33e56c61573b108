import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, test as anyTest, beforeAll, expect } from "vitest";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { jsonOutput } from "../json-output.ts";
import { isChroot } from "./chroot.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
let stack: string;

// CooperBench's agents and evaluations work by docker exec.
const test = anyTest.skipIf(isChroot);
if (isChroot) console.warn("not tried in a chroot, where docker exec does not enter containers: the demo");

beforeAll(async () => {
  if (isChroot) return;
  await startRehearsal(lab.rehearsal, () => {});
  const tasks = ["go_chi_task/27", "dspy_task/8394"];
  // As `dev` has it: the port of its Redis is in a file.
  const services = { coop: true, git: true, redisPort: lab.rehearsal.redisPortFile };
  stack = await lab.makeStack({ tasks, ...services });
});
afterAll(() => lab.close());

test("before the machine is ready, or of a stack that is no rehearsal, nothing is started, and the fix is named", async () => {
  const early = await lab.machine(["demo", stack]);
  expect(early.stderr).toContain("not ready for a run, so none was started");
  expect(early.code).toBe(1);
  const real = await lab.makeStack({ dockerHost: "unix:///nowhere/docker.sock" });
  const { code, stderr } = await lab.machine(["demo", real]);
  expect(stderr).toMatch(
    /is not a rehearsal.*Nothing was started\.\nFix: .*\n {2}\.\/machine new demo --rehearsal\n/,
  );
  expect(code).toBe(1);
});

test("the pairs are run solo and by cooperating agents, evaluated and judged; no model is asked, nothing is left", async () => {
  expect(await lab.machine(["up", stack])).toMatchObject({ code: 0 });
  const { code, stdout, stderr } = await lab.machine(["demo", stack, "--json"], {
    COHERE_API_BASE: "http://127.0.0.1:1/v2/chat",
  });
  expect(code, stdout + stderr).toBe(0);
  expect(jsonOutput("demo", stdout)).toMatchObject({
    stack,
    isPassed: true,
    modelCalls: 2 * 4 + 2 * 2 * 4,
    runs: [
      { setting: "solo", pairs: 2, passed: 2 },
      { setting: "coop", pairs: 2, passed: 2 },
    ],
  });
  expect(existsSync(join(lab.checkout, "logs"))).toBe(false);
  const status = await lab.machine(["status", stack, "--json"]);
  expect(jsonOutput("status", status.stdout).commands).toMatchObject([
    { command: "demo", isPassed: true, found: expect.stringContaining("solo 2/2 in ") },
    { command: "up", isPassed: true },
  ]);
});

test("what other commands tell with --json is as docs/json.schema.json says", async () => {
  const told = async (...args: readonly string[]) => {
    const { stdout, stderr } = await lab.machine([...args, "--json"]);
    expect(stderr).not.toContain("machine: ");
    return stdout;
  };
  expect(jsonOutput("list", await told("list")).stacks.map((one) => one.stack)).toContain(stack);
  expect(jsonOutput("settings", await told("settings", stack)).settings).toContainEqual(
    expect.objectContaining({ name: "cohereApiKey", value: "(secret)", isSet: true }),
  );
  expect(jsonOutput("env", await told("env", stack)).variables).toMatchObject({ PULUMI_STACK: stack });
  const status = await told("rehearsal", "status", lab.rehearsal.dir);
  expect(jsonOutput("rehearsal status", status)).toMatchObject({ isReady: true, users: [{ stack }] });
  expect(jsonOutput("clean", await told("clean", stack)).removed).toEqual([]);
  expect(jsonOutput("lock", await told("lock", stack, "--check")).images).toContainEqual({
    kind: "as locked",
    image: "akhatua/cooperbench-dspy:task8394",
  });
});
