import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab } from "./lab.ts";

const lab = new Lab();
let stack: string;
let run: ChildProcess;
beforeAll(async () => {
  stack = await lab.makeStack({ tasks: ["go_chi_task/27"] });
  expect((await lab.machine(["up", stack])).code).toBe(0);
  // Started as a module, from its own folder: its command line has no absolute path.
  const words = ["-c", "import time; time.sleep(1800)", "-m", "cooperbench.cli", "run", "-n", "night"];
  run = spawn(".venv/bin/python", words, { cwd: lab.checkout, stdio: "ignore" });
  await once(run, "spawn");
});
afterAll(async () => {
  run.kill("SIGKILL");
  await lab.close();
});

const plain = (...args: readonly string[]) => lab.machine(["pulumi", ...args, "--stack", stack]);
async function expectRefused(...args: readonly string[]) {
  const before = readFileSync(lab.dotenv, "utf8");
  const { code, stderr } = await lab.machine(args);
  expect(stderr).toContain(`(process ${run.pid})`);
  expect(stderr).toMatch(new RegExp(`Nothing was changed[^]*kill ${run.pid}`));
  expect(code).toBe(1);
  expect(readFileSync(lab.dotenv, "utf8")).toBe(before);
}

test("an update that changes nothing goes on beside a run, and Pulumi's preview", async () => {
  expect(await lab.machine(["up", stack])).toMatchObject({ code: 0 });
  expect(await plain("preview")).toMatchObject({ code: 0 });
});

test("what would change something under a run is refused, by an option too, and by Pulumi's own commands", async () => {
  const { resources } = JSON.parse((await plain("stack", "export")).stdout).deployment;
  const { urn } = resources.find((one: { urn: string }) => one.urn.endsWith("::cooperbench-venv"));
  await expectRefused("up", stack, "--replace", urn);
  await expectRefused("pulumi", "up", "--yes", "--skip-preview", "--stack", stack);
  await expectRefused("pulumi", "destroy", "--yes", "--skip-preview", "--stack", stack);
  await expectRefused("destroy", stack, "--yes");
  lab.configure(stack, { modelApiBase: "https://stg.api.cohere.com/v3" });
  await expectRefused("up", stack);
  await expectRefused("up", stack, "--json");
});

test("the end of the run lets it pass", async () => {
  run.kill("SIGKILL");
  await once(run, "exit");
  expect(await lab.machine(["up", stack])).toMatchObject({ code: 0 });
  expect(readFileSync(lab.dotenv, "utf8")).toContain("/v3/chat");
});
