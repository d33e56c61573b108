/** What is printed as a fix mends what it is printed for: each is run as a user would, with the words as they are shown. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFileSync, chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readTasks, taskName } from "../../benchmark/tasks.ts";
import type { StatusCheck } from "../../checks/status/checks.ts";
import { recordRun } from "../../cli/recorded-runs.ts";
import { type StateFiles, stateFiles } from "../../cli/state-files.ts";
import { asTyped } from "../../lib/remedy.ts";
import { startRehearsal, stopRehearsal } from "../../rehearsal/rehearsal.ts";
import { jsonOutput } from "../json-output.ts";
import { run } from "./command.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
let stack: string;
let files: StateFiles;

beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {});
  stack = await lab.makeStack({ tasks: ["go_chi_task/26"] });
  files = stateFiles({ stack, projectDir: lab.folder, env: lab.env }) as StateFiles;
});
afterAll(() => lab.close());

/** The commands that look, and tell what they find in JSON. */
type Asked = "doctor" | "status";

/** What a command finds by a check that is not well. */
async function faults(asked: Asked, check: string): Promise<readonly StatusCheck[]> {
  const { stdout, stderr } = await lab.machine([asked, stack, "--json"]);
  if (stdout === "") throw new Error(stderr);
  const { checks } = asked === "doctor" ? jsonOutput("doctor", stdout) : jsonOutput("status", stdout);
  return checks.filter((one) => one.check === check && one.level !== "ok");
}

/** Runs a command as it is printed. */
async function type(line: string): Promise<string> {
  const { code, stdout, stderr } = await lab.run("sh", ["-c", line]);
  expect(code, `${line}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

/** A state, who is asked of it, by which check it is told, and which of the remedies is run: the first one, or one that has a word. */
type State = [string, () => unknown, Asked, string, string?];

const set = (settings: Readonly<Record<string, unknown>>) => () => lab.configure(stack, settings);
const git = (...args: readonly string[]) =>
  run(["git", "-C", lab.checkout, "-c", "user.name=A", "-c", "user.email=a@b.example", ...args]);
const container = async () => {
  const { image: Image } = readTasks().find((one) => taskName(one) === "go_chi_task/26") ?? {};
  const made = await lab.engine.createContainer({
    ...{ Image, Entrypoint: [], Cmd: ["sleep", "infinity"] },
    ...{ WorkingDir: "/workspace", StopSignal: "SIGTERM" },
  });
  await made.start();
};
const cutOffUpdate = () => {
  const { file, args } = recordRun(stack, "true", [], lab.env);
  const lock = { pid: spawnSync(file, args).pid, username: "ann", hostname: hostname() };
  mkdirSync(files.locks, { recursive: true });
  writeFileSync(join(files.locks, "b.json"), JSON.stringify({ ...lock, timestamp: "2026-01-02T03:04:05Z" }));
};

// In this order each costs little: what an update mends comes after the first one.
test.each<State>([
  ["a stack that its backend does not have", () => rmSync(files.state), "status", "stack", " up "],
  ["an oracle that was not run", () => {}, "status", "oracle"],
  ["a setting with a typo", set({ subset: "lte" }), "doctor", "settings"],
  ["an engine that is none, of a rehearsal", set({ dockerHost: "unix:/d" }), "doctor", "settings"],
  ["a setting that there is not", set({ subsets: "lite" }), "doctor", "settings"],
  ["an old name beside the new one", set({ smoke: 2, oracleTasks: 1 }), "doctor", "settings"],
  ["a git server without Redis", set({ git: true }), "doctor", "settings"],
  ["an image lock that is damaged", () => writeFileSync(lab.rehearsal.imagesLock, "{"), "doctor", "settings"],
  ["an image that is not on the engine", () => lab.removeImages(), "status", "images"],
  ["a .env that others can read", () => chmodSync(lab.dotenv, 0o644), "status", "credentials"],
  [
    "an environment that is gone",
    () => rmSync(join(lab.checkout, ".venv"), { recursive: true }),
    "status",
    "cooperbench",
  ],
  [
    "a changed source",
    () => appendFileSync(join(lab.checkout, "src", "cooperbench", "__init__.py"), "\n#\n"),
    "status",
    "cooperbench",
    " checkout ",
  ],
  [
    "a checkout at another commit",
    () => git("commit", "--quiet", "--allow-empty", "-m", "mine"),
    "status",
    "cooperbench",
  ],
  ["an id of another stack", set({ stackId: randomUUID() }), "doctor", "stack", " stackId "],
  ["the lock of an update that was killed", cutOffUpdate, "doctor", "update"],
  [
    "what Pulumi keeps beside the state, written in part",
    () => writeFileSync(`${files.state}.attrs`, ""),
    "doctor",
    "update",
  ],
  ["the same, as status tells it", () => writeFileSync(`${files.state}.attrs`, ""), "status", "update"],
  [
    "a state that is cut off",
    () => writeFileSync(files.state, readFileSync(files.state).subarray(0, 40)),
    "status",
    "update",
  ],
  ["a rehearsal that does not run", () => stopRehearsal(lab.rehearsal, () => {}), "status", "engine"],
])(
  "%s is mended by what is printed for it",
  { timeout: 600_000 },
  async (_, make, asked, check, word = "") => {
    await make();
    const [fault] = await faults(asked, check);
    const lines = fault?.remedies.flatMap((one) => ("command" in one ? asTyped(one) : [])) ?? [];
    const line = lines.find((one) => one.includes(word)) ?? "";
    expect(line).not.toBe("");
    expect(fault?.remedy?.split("\n").some((shown) => shown.endsWith(line))).toBe(true);
    await type(line);
    expect((await faults(asked, check)).map(({ found }) => found)).not.toContain(fault?.found);
  },
);

test("what killed runs have left is removed by the fix, and what comes next after it", async () => {
  await container();
  // What lives on this machine besides, such as another test's, may be older than the container.
  await expect.poll(() => faults("doctor", "leftovers"), { timeout: 120_000 }).toHaveLength(1);
  const [fault] = await faults("doctor", "leftovers");
  const { stdout } = await lab.run("sh", ["-c", String(fault?.remedy?.replace("Fix: ", ""))]);
  await type(/^Next: (.*)$/m.exec(stdout)?.[1] ?? "");
  expect(await faults("doctor", "leftovers")).toEqual([]);
});
