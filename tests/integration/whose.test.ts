import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MachineStatus } from "../../checks/status/status.ts";
import { identityType } from "../../program/stack-id.ts";
import { isReady, rehearsalId } from "../../rehearsal/rehearsal.ts";
import { SOURCE_COMMIT } from "../../rehearsal/source-commit.ts";
import { changedBy } from "./changed-by.ts";
import { Lab } from "./lab.ts";
import { Project } from "./project.ts";

// One story on one machine: a stack as dev is, in a folder of the project, and what happens beside it.
const lab = new Lab();
const tasks = ["pillow_task/25"];
const { rehearsal } = lab;
let first: Project;
let second: Project;
let id: string | undefined;
let knownAtCheckout: boolean | undefined;

beforeAll(async () => {
  first = new Project(lab, "first");
  const ofDev = readFileSync(join(first.dir, "Pulumi.dev.yaml"), "utf8");
  writeFileSync(first.settingsFile("one"), ofDev.replaceAll("/var/lib/cooperbench-rehearsal", rehearsal.dir));
  first.configure("one", { tasks, coop: false, git: false, cooperbenchDir: lab.checkout });
  second = new Project(lab, "second", first.dir);
  const update = first.machine(["up", "one"]);
  const watch = (async () => {
    while (!existsSync(lab.checkout)) await sleep(20);
    knownAtCheckout = state().includes(identityType);
  })();
  expect(await update).toMatchObject({ code: 0 });
  await watch;
  id = rehearsalId(rehearsal);
});
afterAll(() => lab.close());

const stateFile = (stack: string) =>
  join(
    lab.folder,
    "data",
    "cooperbench-machine",
    "state",
    ".pulumi",
    "stacks",
    "cooperbench-machine",
    `${stack}.json`,
  );
const state = (stack = "one") => readFileSync(stateFile(stack), "utf8");

async function lookAt(project: Project, stack: string, command = "status") {
  const { stdout, stderr } = await project.machine([command, stack, "--json"]);
  if (stdout === "") throw new Error(stderr);
  const { checks, ...status } = JSON.parse(stdout) as MachineStatus;
  return { ...status, of: (check: string) => checks.find((one) => one.check === check) };
}

/** Everything that would show that a refused command has done something. */
function traces() {
  const users = join(rehearsal.dir, "users");
  return [state(), readFileSync(lab.dotenv, "utf8"), statSync(lab.checkout).mtimeMs, readdirSync(users)];
}

async function refused(
  project: Project,
  args: readonly string[],
  message: RegExp,
  env: NodeJS.ProcessEnv = {},
) {
  const before = traces();
  const { code, stderr } = await project.machine(args, env);
  expect(stderr, args.join(" ")).toMatch(message);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(code).toBe(1);
  expect(traces()).toEqual(before);
}

test("the state knows whose the stack is before anything is made", () => {
  expect(knownAtCheckout).toBe(true);
  expect(id).toBeDefined();
  expect(state()).toContain(`"stackId":"${id}"`);
});

test("a rehearsal is known as one without any variable, by status, report and update", async () => {
  const status = await lookAt(first, "one");
  expect(status).toMatchObject({ isRehearsal: true, isReady: true });
  const page = join(lab.folder, "report.html");
  await first.machine(["report", "one", "--out", page]);
  expect(readFileSync(page, "utf8")).toMatch(/rehearsal/i);
  const again = await first.machine(["up", "one"]);
  expect(again.stdout).toMatch(/^Ready, as a rehearsal: 1\/1 images verified .*nothing changed/m);
});

test("a copy of the settings is no other stack, be it made or not", async () => {
  copyFileSync(first.settingsFile("one"), first.settingsFile("copy"));
  const message = /gives stack copy the id of stack one .*the file was copied/;
  for (const command of ["up", "preview", "destroy"]) await refused(first, [command, "copy"], message);
  expect((await lookAt(first, "copy", "doctor")).of("stack")).toMatchObject({ level: "blocker" });
  expect(existsSync(stateFile("copy"))).toBe(false);

  rmSync(first.settingsFile("copy"));
  await first.machine(["new", "copy", "--rehearsal", rehearsal.dir]);
  copyFileSync(first.settingsFile("one"), first.settingsFile("copy"));
  await refused(first, ["up", "copy"], message);
  rmSync(first.settingsFile("copy"));
});

describe("in a backend that does not have the stack", () => {
  const backend = () => `file://${lab.folder}/other`;
  beforeAll(() => mkdirSync(join(lab.folder, "other")));

  test.each(["up", "preview", "destroy", "env"])(
    "%s is refused, names the backend, and makes no stack",
    async (command) => {
      const env = { PULUMI_BACKEND_URL: backend() };
      await refused(
        first,
        [command, "one"],
        new RegExp(`backend ${backend()}.*\n(.*\n)*.*PULUMI_BACKEND_URL=`),
        env,
      );
      const stacks = join(lab.folder, "other", ".pulumi", "stacks");
      expect(existsSync(stacks) ? readdirSync(stacks, { recursive: true }) : []).toEqual([]);
    },
  );

  test("status says so, and not that the stack was destroyed", async () => {
    const { stdout } = await first.machine(["status", "one", "--json"], { PULUMI_BACKEND_URL: backend() });
    expect(stdout).toContain(backend());
    expect(stdout).not.toContain("destroyed");
  });
});

test("a stack that is mistyped lists those that there are", async () => {
  await refused(
    first,
    ["destroy", "onne"],
    /there is no stack onne .*; there are dev, one \(did you mean one\?\)/,
  );
});

test("another folder of the project is refused the stack, and is shown no proof of it", async () => {
  const message = new RegExp(`stack one was made from ${first.dir}, which still has it`);
  for (const command of ["up", "preview", "destroy", "env"]) await refused(second, [command, "one"], message);
  await refused(second, ["pulumi", "destroy", "--yes", "--stack", "one"], message);
  const { of, isReady } = await lookAt(second, "one");
  expect(isReady).toBe(false);
  expect([of("stack")?.level, of("update")]).toEqual(["blocker", undefined]);
  expect(of("images")?.provedAt).toBeUndefined();
  expect((await lookAt(second, "one", "doctor")).of("stack")).toMatchObject({ level: "blocker" });
});

test("a destroy that removes nothing, or a part, leaves the rehearsal", async () => {
  const target = /"urn":"([^"]*runs-subset)"/.exec(state())?.[1] ?? "";
  for (const options of [["--help"], ["--preview-only"], ["--target", target]]) {
    expect(await first.machine(["destroy", "one", ...options]), options[0]).toMatchObject({ code: 0 });
    expect(await isReady(rehearsal)).toBe(true);
  }
  expect(state()).not.toContain("runs-subset");
});

test("at a terminal a destroy says what goes and what stays, and no is no", async () => {
  const before = traces();
  const { code, stdout } = await first.typed(["destroy", "one"], "n");
  expect(stdout).toMatch(/goes: .*rehearsal in .*\n(.*\n)*stays: .*\n(.*\n)*.*Destroy stack one\? \[y\/N\]/);
  expect(code).toBe(1);
  expect(traces()).toEqual(before);
});

test("a rehearsal is not removed under its stack, which keeps what is its own in one made anew, renamed as well", async () => {
  const used = new RegExp(`is used by stack one of ${first.dir} .*\n(.*\n)*.*rehearsal remove \\S+ --force`);
  await refused(first, ["rehearsal", "remove", rehearsal.dir], used);
  expect(await first.machine(["rehearsal", "remove", rehearsal.dir, "--force"])).toMatchObject({ code: 0 });
  expect(existsSync(rehearsal.dir)).toBe(false);
  const rename = ["pulumi", "stack", "rename", "uno", "--stack", "one"];
  expect(await first.machine(rename)).toMatchObject({ code: 0 });

  const update = await first.machine(["up", "uno"]);
  expect(update.code, update.stdout + update.stderr).toBe(0);
  expect(update.stdout).toContain("(0 found, 1 pulled)");
  expect(rehearsalId(rehearsal)).toBe(id);
  // The subset went by --target.
  expect(
    changedBy(update, "created|replaced|deleted").filter((name) => !name.startsWith("pillow-task25")),
  ).toEqual(["runs-subset"]);
  expect(await first.machine(["preview", "uno", "--expect-no-changes"])).toMatchObject({ code: 0 });
}, 400_000);

test("another folder's stack can share the rehearsal, and leaves it to the one that stays", async () => {
  expect(await second.machine(["new", "two", "--rehearsal", rehearsal.dir])).toMatchObject({ code: 0 });
  second.configure("two", { tasks, cooperbenchCommit: "0123456789".repeat(4) });
  const lacking = await second.machine(["up", "two"]);
  expect(lacking.code).toBe(1);
  expect(lacking.stderr).toMatch(
    /nothing was changed:\n(.*\n)*.*source .*CooperBench\.git has no commit 0123456789/,
  );
  second.configure("two", { cooperbenchCommit: SOURCE_COMMIT });
  const update = await second.machine(["up", "two"]);
  expect(update.code, update.stdout + update.stderr).toBe(0);
  expect(existsSync(join(second.dir, "repos", "two", "CooperBench", ".venv"))).toBe(true);
  const shown = await first.machine(["rehearsal", "status", rehearsal.dir]);
  expect(shown.stdout).toMatch(/used by stack (two|uno) .*\nused by stack (two|uno) /);

  const { code, stderr } = await second.machine(["destroy", "two"]);
  expect(code).toBe(0);
  expect(stderr).toContain(`stays up: stack uno of ${first.dir}`);
  expect(await isReady(rehearsal)).toBe(true);
  expect(existsSync(join(second.dir, "repos", "two"))).toBe(false);
}, 400_000);

test("where the first folder is gone, the second adopts its stack, and its removal takes everything", async () => {
  copyFileSync(first.settingsFile("uno"), second.settingsFile("uno"));
  rmSync(first.dir, { recursive: true });
  const asked = await second.machine(["remove", "uno"]);
  expect(asked.stdout).toMatch(
    /^goes: .*\n(.*\n)*Nothing was changed: .*\nNext: .*machine remove uno --yes\n$/m,
  );
  expect(asked.code).toBe(1);
  const places = () =>
    [lab.checkout, rehearsal.dir, second.settingsFile("uno"), stateFile("uno")].map((path) =>
      existsSync(path),
    );
  expect(places()).toEqual([true, true, true, true]);
  const { code, stdout, stderr } = await second.machine(["remove", "uno", "--yes"]);
  expect(asked.stderr + stderr).toContain(`stack uno was last used from ${first.dir}`);
  expect(stdout).toMatch(/^Removed: the stack uno, .*Pulumi\.uno\.yaml/m);
  expect(code, stderr).toBe(0);
  expect(places()).toEqual([false, false, false, false]);
});

test("a stack with a rehearsal of its own is whole in its settings, and new refuses a folder of others' files", async () => {
  const taken = join(lab.folder, "taken");
  mkdirSync(taken);
  writeFileSync(join(taken, "mine"), "");
  const made = (folder: string, stack = "own") => second.machine(["new", stack, "--rehearsal", folder]);
  expect(await made(taken)).toMatchObject({ code: 1, stderr: expect.stringMatching(/no rehearsal made/) });
  expect(await made(join(taken, "x".repeat(100)))).toMatchObject({ code: 1 });
  expect(existsSync(second.settingsFile("own"))).toBe(false);

  // As a new that was cut off before it set the key has left it.
  writeFileSync(second.settingsFile("own"), "config:\n  cooperbench-machine:subset: flash\n");
  expect(await made(join(lab.folder, "r2"))).toMatchObject({ code: 0 });
  expect(await made(join(lab.folder, "r2"))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("already exists"),
  });
  const settings = readFileSync(second.settingsFile("own"), "utf8");
  for (const part of [
    /stackId: [0-9a-f-]{36}/,
    /r2\/docker\.sock/,
    /subset: flash/,
    /repos\/own\/CooperBench/,
    /secure: /,
  ])
    expect(settings).toMatch(part);
  expect(statSync(second.settingsFile("own")).mode & 0o777).toBe(0o600);
  expect((await lookAt(second, "own")).isRehearsal).toBe(true);
});

test("a second stack of a real machine has a checkout of its own", async () => {
  const env = { COHERE_API_KEY: "key" };
  await second.machine(["new", "lab-1"], env);
  await second.machine(["new", "lab-2"], env);
  const file = (stack: string) => readFileSync(second.settingsFile(stack), "utf8");
  expect(file("lab-1")).not.toContain("cooperbenchDir");
  expect(file("lab-2")).toContain("cooperbenchDir: repos/lab-2/CooperBench");
  second.configure("lab-2", { cooperbenchDir: "repos/CooperBench" });
  const { stdout } = await second.machine(["doctor", "lab-2"]);
  expect(stdout).toMatch(/^warning +folders +stack lab-1 has the same cooperbenchDir, /m);
});
