import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, test as anyTest, beforeAll, expect } from "vitest";
import type { MachineStatus } from "../../checks/status/status.ts";
import { startCohereMock } from "../../rehearsal/model/cohere-mock.ts";
import { competentAgent } from "../../rehearsal/model/competent-agent.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { jsonOutput } from "../json-output.ts";
import { isChroot } from "./chroot.ts";
import { Lab } from "./lab.ts";

const key = "canary-4d1f70b2c9";
const lab = new Lab();
const model = await startCohereMock(competentAgent());
const logs = join(lab.checkout, "logs");
const of = (run: string) => join(logs, run, "machine.json");
let stack: string;

// CooperBench's agents and evaluations work by docker exec.
const test = anyTest.skipIf(isChroot);
if (isChroot)
  console.warn("not tried in a chroot, where docker exec does not enter containers: a planned run");

const machine = (...args: readonly string[]) => lab.machine(args);

/** What a shell may have: no host but this machine answers, and a run would go elsewhere. */
const shell = {
  COHERE_API_BASE: "http://127.0.0.1:1/v2/chat",
  HTTP_PROXY: "http://127.0.0.1:1",
  HTTPS_PROXY: "http://127.0.0.1:1",
  NO_PROXY: "127.0.0.1",
};
beforeAll(async () => {
  if (isChroot) return;
  await startRehearsal(lab.rehearsal, () => {});
  stack = await lab.makeStack({ tasks: ["go_chi_task/27"], modelApiBase: model.modelApiBase }, key);
});
afterAll(async () => {
  model.close();
  await lab.close();
});

test("where the machine is not ready, plan says so first, and no run is started", async () => {
  const { stdout } = await machine("plan", stack);
  expect(stdout).toMatch(new RegExp(`^# NOT READY for a run \\(stack ${stack}\\)\n\n- BLOCKER: images: `));
  const { code, stderr } = await machine("run", stack, "-n", "smoke");
  expect(stderr).toContain("the machine is not ready for a run, so none was started");
  expect(code).toBe(1);
  expect(existsSync(logs)).toBe(false);
});

test("a run of the plan is the plan's, with what it runs on beside it, and without what the shell has", async () => {
  const up = await machine("up", stack);
  expect(up.code, up.stdout + up.stderr).toBe(0);
  const { code, stdout, stderr } = await lab.machine(["run", stack, "-n", "smoke"], shell);
  expect(code, stdout + stderr).toBe(0);
  expect(stderr).toContain(".venv/bin/cooperbench run -n smoke -s machine-smoke --setting solo -m cohere/");
  expect(stdout).toContain("runs:  1 completed");
  expect(model.asked.length).toBeGreaterThan(0);

  const file = JSON.parse(readFileSync(of("smoke"), "utf8"));
  const { images, versions } = jsonOutput("status", (await machine("status", stack, "--json")).stdout);
  const { imageId, digest, baseCommit } = images[0] as MachineStatus["images"][number];
  expect(file).toMatchObject({
    run: { setting: "smoke" },
    images: { "go_chi_task/27": { imageId, digest, baseCommit } },
    cooperbench: { version: versions.find(({ name }) => name === "CooperBench")?.version },
    proved: { "image go_chi_task/27": images[0]?.provedAt },
  });
  expect(readFileSync(of("smoke"), "utf8")).not.toContain(key);
  const check = await machine("plan", stack, "--check", "smoke");
  expect(check.stdout).toMatch(
    /^Done: smoke: 1 of 1 results are the model's, 1 of 1 evaluated ones passed\nNext: .*\n$/,
  );
  expect(check.code).toBe(0);
});

test("the same run goes on; on another machine, or beside a run of nobody knows which, it does not", async () => {
  const asked = model.asked.length;
  const again = await machine("run", stack, "-n", "smoke");
  expect(again.code, again.stderr).toBe(0);
  expect(model.asked.length).toBe(asked);

  const text = readFileSync(of("smoke"), "utf8");
  writeFileSync(of("smoke"), text.replace(/"imageId": "sha256:\w+"/, '"imageId": "sha256:another"'));
  const other = await machine("run", stack, "-n", "smoke");
  expect(other.stderr).toMatch(/images go_chi_task\/27 imageId: was sha256:another, is sha256:/);
  expect(other.code).toBe(1);
  const told = await machine("plan", stack, "--check", "smoke");
  expect(told.stdout).toMatch(
    /^machine\.json: images go_chi_task\/27 imageId: was sha256:another, is sha256:/,
  );
  expect(told.code).toBe(0);

  renameSync(of("smoke"), join(lab.folder, "machine.json"));
  expect((await machine("run", stack, "-n", "smoke")).stderr).toContain("has no machine.json");
});

test("a dataset without a file that a run reads is in the way, and the update says why", async () => {
  const file = join(lab.checkout, "dataset/go_chi_task/task27/feature2/feature.md");
  renameSync(file, `${file}.away`);
  const isReady = async () => {
    const { code, stdout } = await machine("status", stack);
    return [code, stdout] as const;
  };
  expect((await isReady())[0]).toBe(1);
  expect((await machine("verify", stack)).code).toBe(1);
  const up = await machine("up", stack);
  expect(up.code).not.toBe(0);
  expect(up.stdout).toContain("the dataset lacks 1 files that a run reads: ");
  const [code, stdout] = await isReady();
  expect(code).toBe(1);
  expect(stdout).toMatch(/warning +update +the last update failed: cooperbench: the dataset lacks 1 files/);
  renameSync(`${file}.away`, file);
  expect((await machine("verify", stack)).code).toBe(0);
  expect((await isReady())[0]).toBe(0);
});

test("a version with known faults is in the way, named with what they are and with the commands that move it", async () => {
  const file = join(lab.checkout, "src/cooperbench/__about__.py");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(/"[\d.]+"/, '"0.0.22"'));
  const status = await machine("status", stack);
  expect(status.code).toBe(1);
  const told = /version +CooperBench 0\.0\.22 has known faults: .*\(until 0\.0\.23\)/;
  expect(status.stdout).toMatch(new RegExp(`BLOCKER +${told.source}`));
  expect(status.stdout).toContain(`./machine set ${stack} cooperbenchVersion 0.0.29`);
  expect((await machine("run", stack, "-n", "smoke")).stderr).toContain("none was started");
  const doctor = await machine("doctor", stack);
  expect(doctor.code).toBe(0);
  expect(doctor.stdout).toMatch(new RegExp(`warning +${told.source}`));
  writeFileSync(file, text);
});

test("each option that the plan gives is one that this version has", async () => {
  const { stdout: plan } = await machine("plan", stack);
  for (const command of ["run", "eval"]) {
    const help = await lab.run(join(lab.checkout, ".venv/bin/cooperbench"), [command, "--help"]);
    const lines = plan.match(new RegExp(`cooperbench ${command} .*`, "g")) ?? [];
    const given = new Set(lines.flatMap((line) => line.match(/(?<= )--?[a-z][a-z-]*/g) ?? []));
    expect(given.size).toBeGreaterThan(1);
    for (const option of given) expect(help.stdout).toMatch(new RegExp(`(^|[ [])${option}[ ,\\]]`, "m"));
  }
});

test("what an update was asked for alone is what it ends with; what is not ready it says", async () => {
  lab.configure(stack, { model: "cohere/command-r-08-2024" });
  const { code, stdout } = await machine("up", stack, "--target", "**runs-subset**");
  expect(stdout).toMatch(/^Provisioned, not ready: route: it was proved for model /m);
  expect(code).toBe(0);
  expect(lab.printed).not.toContain(key);
});
