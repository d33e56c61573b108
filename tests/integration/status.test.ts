import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MachineStatus } from "../../checks/status/status.ts";
import { jsonOutput } from "../json-output.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
const key = "key-that-no-status-shows";
let stack: string;

beforeAll(async () => {
  stack = await lab.makeStack({ tasks: ["dspy_task"], oracleTasks: 1 }, key);
});
afterAll(() => lab.close());

async function status(env: NodeJS.ProcessEnv = {}) {
  const { code, stdout, stderr } = await lab.machine(["status", stack, "--json"], env);
  if (stdout === "") throw new Error(stderr);
  const found = jsonOutput("status", stdout);
  const level = (check: string) => found.checks.find((one) => one.check === check)?.level;
  return { code, found, level };
}

function update({ checks }: MachineStatus): string | undefined {
  return checks.find(({ check }) => check === "update")?.found;
}

test("before the first update nothing is proved", async () => {
  const { code, found, level } = await status();
  expect(code).toBe(1);
  expect(found.isReady).toBe(false);
  expect([level("images"), level("cooperbench"), level("update")]).toEqual(["blocker", "blocker", "blocker"]);
  expect(update(found)).toBe("there was none yet");
  // Nor is anything proved where no state was ever made: on the first day of a machine.
  const first = await status({ XDG_DATA_HOME: join(lab.folder, "none") });
  expect(update(first.found)).toBe("there was none yet");
});

/** What doctor finds of the route, in a shell with these variables. */
async function routeWith(env: NodeJS.ProcessEnv) {
  const { stdout } = await lab.machine(["doctor", stack, "--json"], env);
  return jsonOutput("doctor", stdout).checks.find(({ check }) => check === "route");
}

test("before the first update, an exported key is in the doctor's way if it is not the stack's", async () => {
  const other = await routeWith({ COHERE_API_KEY: "another-key" });
  expect(other).toMatchObject({ level: "blocker", remedies: [{ command: ["unset", "COHERE_API_KEY"] }] });
  expect(JSON.stringify(other)).not.toContain("another-key");
  expect(await routeWith({ COHERE_API_KEY: key })).toMatchObject({ level: "ok" });
});

test("after an update the machine is ready, and each proof has its time", async () => {
  const before = new Date().toISOString();
  expect(await lab.machine(["up", stack])).toMatchObject({ code: 0 });
  const { code, found, level } = await status();
  expect(found.checks.filter((check) => check.level !== "ok")).toEqual([
    expect.objectContaining({ check: "services", level: "off" }),
  ]);
  expect(code).toBe(0);
  expect(level("oracle")).toBe("ok");
  // A shell with more in its PATH, such as one with ./machine env in it, is told the same.
  expect((await status({ PATH: `${lab.folder}:${process.env.PATH}` })).code).toBe(0);
  expect(found.images).toHaveLength(3);
  for (const image of found.images) {
    expect(image).toMatchObject({ state: "proved", isLocked: true });
    expect((image.provedAt ?? "") > before).toBe(true);
  }
  expect(found.versions.map(({ name }) => name)).toEqual(expect.arrayContaining(["CooperBench", "pulumi"]));
});

test("a backend out of reach is told, and not taken for a machine that was never proved", async () => {
  const { code, found } = await status({ PULUMI_BACKEND_URL: `file://${join(lab.folder, "none")}` });
  expect(code).toBe(1);
  expect(update(found)).toMatch(
    /^Pulumi's state cannot be read, so the proofs are not known: .*unable to open/s,
  );
});

test("the report is one page with every digest, and without the key", async () => {
  const file = join(lab.folder, "report.html");
  expect(await lab.machine(["report", stack, "--out", file])).toMatchObject({ code: 0, stdout: `${file}\n` });
  const page = readFileSync(file, "utf8");
  const { found } = await status();
  for (const { digest = "", baseCommit = "" } of found.images) {
    expect(page).toContain(digest.slice(digest.indexOf("@") + 1));
    expect(page).toContain(baseCommit);
  }
  expect(page).not.toContain(key);
  expect(await lab.machine(["report", stack, "--out", join(lab.folder, "none", "r.html")])).toMatchObject({
    code: 1,
  });
});

test("what a proof was of, and is no longer there, is in the way of a run", async () => {
  const exported = await status({ COHERE_API_BASE: "https://elsewhere.example/v2/chat" });
  expect([exported.code, exported.level("route")]).toEqual([1, "blocker"]);

  await lab.engine.getImage("akhatua/cooperbench-dspy:task8394").remove({ force: true });
  rmSync(lab.dotenv);
  const { code, found, level } = await status();
  expect(code).toBe(1);
  expect([level("images"), level("credentials"), level("oracle"), level("cooperbench")]).toEqual([
    "blocker",
    "blocker",
    "blocker",
    "ok",
  ]);
  expect(found.images.map(({ state }) => state)).toEqual(["missing", "proved", "proved"]);
  expect(lab.printed).not.toContain(key);
});

test("an exported URL, with which an update fails, is in the doctor's way", async () => {
  expect(await routeWith({ COHERE_API_BASE: "https://elsewhere.example/v2/chat" })).toMatchObject({
    level: "blocker",
    remedies: [{ command: ["unset", "COHERE_API_BASE"] }],
  });
});
