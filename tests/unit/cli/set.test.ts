import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { set } from "../../../cli/set.ts";
import { settings } from "../../../cli/settings.ts";
import { readSettings } from "../../../cli/stack-settings.ts";
import { type StateFiles, stateFiles } from "../../../cli/state-files.ts";
import type { Output } from "../../../cli/terminal.ts";
import { identityType } from "../../../program/stack-id.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let projectDir: string;
let file: string;
let printed: string;
let said: string;
let env: Record<string, string>;
beforeEach(() => {
  projectDir = temporaryFolder("set-");
  printed = "";
  said = "";
  env = {};
  file = join(projectDir, "Pulumi.lab.yaml");
  cpSync(resolve(import.meta.dirname, "../../../Pulumi.yaml"), join(projectDir, "Pulumi.yaml"));
  writeFileSync(
    file,
    "# mine\nconfig:\n  cooperbench-machine:cohereApiKey:\n    secure: v1:a:b\n  cooperbench-machine:subset: flash\n",
  );
});

const output = {
  print: (text: string | Uint8Array) => {
    printed += String(text);
  },
  say: (line: string) => {
    said += `${line}\n`;
  },
} as Partial<Output> as Output;
const caller = () => ({ projectDir, stack: "lab", env, output });
const change = (setting: string, ...values: string[]) =>
  set({ stack: "lab", setting, values, default: false }, caller());
const toDefault = (setting: string) => set({ stack: "lab", setting, values: [], default: true }, caller());

describe("a good value", () => {
  test.each([
    ["subset", ["full"], "subset: full"],
    [
      "tasks",
      ["pallets_click_task", "dspy_task/8394"],
      "tasks:\n    - pallets_click_task\n    - dspy_task/8394",
    ],
    ["coop", ["true"], "coop: true"],
    ["oracleTasks", ["5"], "oracleTasks: 5"],
    ["pythonVersion", ["3.10"], 'pythonVersion: "3.10"'],
    ["redisPort", ["6380"], "redisPort: 6380"],
  ])("of %s, %j, is written as a program reads it", async (setting, values, line) => {
    expect(await change(setting, ...values)).toBe(0);
    const text = readFileSync(file, "utf8");
    expect(text).toContain(`cooperbench-machine:${line}\n`);
    expect(text).toMatch(/^# mine\n[\s\S]*secure: v1:a:b\n/);
    expect(printed).toMatch(new RegExp(`^${setting}: .* → .*\nNext: ./machine preview lab\n$`));
  });

  test("is taken while an update runs, which is said", async () => {
    env = { XDG_DATA_HOME: projectDir };
    const { locks } = stateFiles(caller()) as StateFiles;
    mkdirSync(locks, { recursive: true });
    const held = {
      pid: process.pid,
      username: "u",
      hostname: hostname(),
      timestamp: new Date().toISOString(),
    };
    writeFileSync(join(locks, "a.json"), JSON.stringify(held));
    expect(await change("subset", "full")).toBe(0);
    expect(said).toMatch(/^an update holds the update lock since/);
    expect(readFileSync(file, "utf8")).toContain("subset: full");
  });

  test("of a setting by its old name is set by the new one, which is said", async () => {
    writeFileSync(file, "config:\n  cooperbench-machine:smoke: 3\n");
    settings(caller(), false);
    expect(printed).toMatch(/^oracleTasks +3 +0 +Number of tasks/m);
    await change("smoke", "5");
    expect(said).toBe("the setting smoke is now called oracleTasks\n");
    expect(printed).toContain("oracleTasks: 3 → 5");
    expect(readFileSync(file, "utf8")).toBe("config:\n  cooperbench-machine:oracleTasks: 5\n");
  });

  test("that goes with another's is set with it", async () => {
    expect(await change("coop", "true", "git", "true")).toBe(0);
    expect(readFileSync(file, "utf8")).toMatch(/coop: true\n.*git: true\n/);
    expect(printed).toMatch(/^coop: false → true in .*\ngit: false → true in .*\nNext: .*\n$/);
    const turnedOff = /git: got true.*\n +Fix: \.\/machine set lab git false coop false$/;
    await expect(change("coop", "false")).rejects.toThrow(turnedOff);
  });

  test("that is a list ends where the next setting begins", async () => {
    expect(await change("tasks", "dspy_task/8394", "coop", "true")).toBe(0);
    expect(readFileSync(file, "utf8")).toMatch(/tasks:\n {4}- dspy_task\/8394\n {2}.*coop: true\n/);
  });

  test("is written to what a linked file leads to, which keeps its mode; the link stays", async () => {
    const mine = join(projectDir, "mine.yaml");
    renameSync(file, mine);
    chmodSync(mine, 0o640);
    symlinkSync("mine.yaml", file);
    expect(await change("subset", "full")).toBe(0);
    expect(readlinkSync(file)).toBe("mine.yaml");
    expect(readFileSync(mine, "utf8")).toContain("subset: full");
    expect(statSync(mine).mode & 0o777).toBe(0o640);
  });

  test("--default takes it out of the file", async () => {
    await toDefault("subset");
    expect(printed).toContain("subset: flash → lite");
    expect(readFileSync(file, "utf8")).not.toContain("subset");
  });
});

describe("the id of a stack", () => {
  const id = "11111111-1111-4111-8111-111111111111";
  const put = (stackId: string) =>
    writeFileSync(file, `config:\n  cooperbench-machine:stackId: ${stackId}\n`);
  const makeState = () => {
    const folder = join(projectDir, "state", ".pulumi", "stacks", "cooperbench-machine");
    mkdirSync(folder, { recursive: true });
    const outputs = { stackId: id, host: "lab", folder: projectDir };
    const latest = { resources: [{ type: identityType, outputs }] };
    writeFileSync(join(folder, "lab.json"), JSON.stringify({ checkpoint: { latest } }));
  };
  beforeEach(() => {
    env = { PULUMI_BACKEND_URL: `file://${projectDir}/state` };
    mkdirSync(join(projectDir, "state"));
  });

  test("that is refused is mended with the one that the settings have, or else the state", async () => {
    put(id);
    await expect(change("stackId", "x")).rejects.toThrow(`Fix: ./machine set lab stackId ${id}`);
    put('""');
    await expect(change("stackId", "x")).rejects.toThrow("Fix: ./machine set lab stackId --default");
    makeState();
    await expect(change("stackId", "x")).rejects.toThrow(`Fix: ./machine set lab stackId ${id}`);
    put("x");
    expect(() => readSettings(caller())).toThrow(`Fix: ./machine set lab stackId ${id}`);
  });

  test("is not taken from a stack that has made something", async () => {
    put(id);
    makeState();
    const refused = `so it stays as it is. Nothing was changed.\nFix: ./machine set lab stackId ${id}`;
    await expect(toDefault("stackId")).rejects.toThrow(refused);
    await expect(change("stackId", "")).rejects.toThrow(refused);
    expect(readFileSync(file, "utf8")).toContain(id);
    rmSync(join(projectDir, "state", ".pulumi"), { recursive: true });
    expect(await toDefault("stackId")).toBe(0);
  });
});

describe("nothing is changed, and the fix is named, for", () => {
  test.each([
    [
      "a setting that is not there",
      "subst",
      ["lite"],
      /there is no setting subst \(did you mean subset\?\); there are cohereApiKey, /,
    ],
    ["a word that every object has", "constructor", ["x"], /there is no setting constructor/],
    ["a bad value", "subset", ["all"], /subset: got "all"; want one of lite, flash, full/],
    [
      "a value that others do not go with",
      "git",
      ["true"],
      /git: got true with coop false.*\n +Fix: \.\/machine set lab coop true git true$/,
    ],
    ["several values of what has one", "subset", ["lite", "full"], /takes one value/],
    ["a secret among others", "coop", ["true", "cohereApiKey"], /is secret, and must be set on its own/],
    ["a second setting without a value", "coop", ["true", "git"], /there is no value for git/],
    ["no value", "subset", [], /there is no value for subset/],
    ["no value of a list", "tasks", [], /no value for tasks.*set lab tasks VALUE.*set lab tasks --default/s],
    ["no value of a list before another", "tasks", ["coop", "true"], /there is no value for tasks/],
    ["a number that is none", "oracleTasks", ["many"], /oracleTasks: got "many"/],
    ["a secret on the command line", "cohereApiKey", ["abc"], /is secret, and a command line is not/],
  ])("%s", async (_, setting, values, wanted) => {
    const before = readFileSync(file, "utf8");
    await expect(change(setting, ...values)).rejects.toThrow(wanted);
    expect(readFileSync(file, "utf8")).toBe(before);
  });
});

test.each([
  ["COHERE_API_KEY=secret\n", "has a line COHERE_API_KEY=…, not a key"],
  ["", "is empty"],
  ["secret\nsecret\n", "has 2 lines, not a key alone"],
])("a key that is piped and none is refused with what is wrong with it: %j", async (piped, why) => {
  const stdin = vi.spyOn(process, "stdin", "get");
  stdin.mockReturnValue(Readable.from([piped]) as unknown as typeof process.stdin);
  onTestFinished(() => stdin.mockRestore());
  const error = (await change("cohereApiKey").catch((error: Error) => error)) as Error;
  expect(error.message).toContain(`what you piped ${why}. Nothing was changed.\nFix: pipe the key alone`);
  expect(error.message).not.toContain("secret");
});

test("a fault that was there before is in nobody's way", async () => {
  writeFileSync(file, `${readFileSync(file, "utf8")}  cooperbench-machine:smoke: many\n`);
  expect(await change("subset", "lite")).toBe(0);
});

test("settings are printed with their values, what is a default, and what they are; a secret is not", () => {
  settings(caller(), false);
  expect(printed).toMatch(/^subset +flash +lite +Subset whose images are provisioned/m);
  expect(printed).toMatch(/^oracleTasks +0 +the same +Number of tasks/m);
  expect(printed).toMatch(/^cohereApiKey +\(secret\) /m);
  expect(printed).not.toContain("v1:a:b");
});
