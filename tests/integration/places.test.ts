/**
 * One folder, written in several ways and held by several resources in turn: Pulumi makes the new resource first and
 * removes the old one after, and what both are must stay.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requestVariable } from "../../provision/steps/contract.ts";
import { changedIn } from "./changed-by.ts";
import { Lab } from "./lab.ts";

const projectDir = resolve(import.meta.dirname, "../..");
const lab = new Lab();
afterAll(async () => {
  await lab.close();
  rmSync(join(projectDir, written), { recursive: true, force: true });
});

// In the project's folder, as cooperbenchDir is from there.
const written = `repos/places-${process.pid}`;
const folder = join(projectDir, written, "CooperBench");
const link = join(lab.folder, "link");
let stack: string;
const whole = () =>
  [
    ".git/cooperbench-machine.json",
    ".venv/bin/cooperbench",
    ".env",
    "dataset/subsets/machine-smoke.json",
  ].map((file) => existsSync(join(folder, file)));
/** The resources that are tried here; the proof of the route, which takes long, has tests of its own. */
const held = ["cooperbench-checkout", "cooperbench-venv", "credentials-dotenv", "runs-subset"];
const but = ["--exclude", "**::route-proof"];
const up = async (...options: string[]) => {
  const plain = ["pulumi", "up", "--yes", "--skip-preview", "--stack", stack, ...but, ...options];
  const ended = await lab.machine(plain);
  expect(whole(), ended.stdout + ended.stderr).toEqual([true, true, true, true]);
  expect(ended.code, ended.stdout + ended.stderr).toBe(0);
  return ended;
};
beforeAll(async () => {
  stack = await lab.makeStack({ tasks: ["go_chi_task"], cooperbenchDir: folder, stackId: randomUUID() });
  symlinkSync(join(projectDir, written), link);
  expect((await lab.machine(["rehearsal", "start"])).code).toBe(0);
  await up();
});

test.each([
  ["from the project's folder", `${written}/CooperBench`],
  ["with ./ and a slash at the end", `./${written}//CooperBench/`],
  ["through a link", join(link, "CooperBench")],
])("it is the same %s", async (_, cooperbenchDir) => {
  lab.configure(stack, { cooperbenchDir });
  expect(changedIn((await up()).stdout)).toEqual([]);
});

test("it stays where its resources are replaced", async () => {
  const made = statSync(join(folder, ".git")).ino;
  const ended = await up(...held.flatMap((name) => ["--replace", `**::${name}`]));
  expect(changedIn(ended.stdout)).toEqual(expect.arrayContaining(held));
  expect(statSync(join(folder, ".git")).ino).toBe(made);
});

test("it stays where its resources are of a state in which it is written otherwise, and its markers are as old", async () => {
  const raw = `${link}/./CooperBench/`;
  const exported = JSON.parse((await lab.machine(["pulumi", "stack", "export", "--stack", stack])).stdout);
  for (const { inputs, outputs } of exported.deployment.resources) {
    for (const values of [inputs, outputs]) {
      if (values?.delete !== "remove") continue;
      const { owner, folder: place, file, tasks } = JSON.parse(values.environment[requestVariable]);
      const environment = {
        STACK: owner.stack,
        ...(place !== undefined && { FOLDER: place.replace(folder, raw) }),
        ...(file !== undefined && { FILE: file.replace(folder, raw) }),
        ...(tasks !== undefined && { TASKS: JSON.stringify(tasks) }),
      };
      Object.assign(values, {
        environment,
        triggers: [raw],
        create: "ensure",
        addPreviousOutputInEnv: false,
      });
    }
  }
  const file = join(lab.folder, "state.json");
  writeFileSync(file, JSON.stringify(exported));
  expect((await lab.machine(["pulumi", "stack", "import", "--file", file, "--stack", stack])).code).toBe(0);
  for (const marker of [".git/cooperbench-machine.json", ".venv/cooperbench-machine.json"]) {
    const { id: _, path: __, holder: ___, ...old } = JSON.parse(readFileSync(join(folder, marker), "utf8"));
    writeFileSync(join(folder, marker), JSON.stringify(old));
  }
  for (const text of [".env", "dataset/subsets/machine-smoke.json"]) {
    const old = readFileSync(join(folder, text), "utf8").replace(
      /(, id [0-9a-f-]+)?, resource [0-9a-f]+/,
      "",
    );
    writeFileSync(join(folder, text), old);
  }
  const ended = await up();
  expect(changedIn(ended.stdout)).toContain("cooperbench-checkout");
  expect(changedIn((await up()).stdout)).toEqual([]);
});

test("it goes on destroy", async () => {
  const { code, stdout, stderr } = await lab.machine(["destroy", stack]);
  expect(code, stdout + stderr).toBe(0);
  expect(existsSync(join(projectDir, written)), stdout + stderr).toBe(false);
});
