import { copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { claimStack, lookWhose, lostId, userOf } from "../../../cli/claim.ts";
import { readConfiguration } from "../../../cli/stack-file.ts";
import { identityType } from "../../../program/stack-id.ts";
import { rehearsalAt } from "../../../rehearsal/rehearsal.ts";
import { addUser } from "../../../rehearsal/users.ts";
import { callerOf } from "../../caller.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const id = "11111111-1111-4111-8111-111111111111";
let folder: string;
let here: string;
let there: string;
beforeEach(() => {
  folder = temporaryFolder("claim-");
  vi.stubEnv("PULUMI_BACKEND_URL", `file://${folder}/state`);
  [here, there] = [project("here"), project("there")];
  setting(here, "lab-1", `stackId: ${id}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function project(name: string): string {
  const dir = join(folder, name);
  mkdirSync(dir);
  copyFileSync(join(import.meta.dirname, "../../../Pulumi.yaml"), join(dir, "Pulumi.yaml"));
  return dir;
}
function setting(dir: string, stack: string, ...settings: readonly string[]): void {
  const lines = settings.map((line) => `  cooperbench-machine:${line}\n`);
  writeFileSync(join(dir, `Pulumi.${stack}.yaml`), `config:\n${lines.join("")}`);
}
function state(stack: string, identity: object | undefined): void {
  const dir = join(folder, "state", ".pulumi", "stacks", "cooperbench-machine");
  mkdirSync(dir, { recursive: true });
  const outputs = { stackId: id, host: hostname(), folder: here, ...identity };
  const resources = identity === undefined ? [] : [{ type: identityType, outputs }];
  writeFileSync(join(dir, `${stack}.json`), JSON.stringify({ checkpoint: { latest: { resources } } }));
}
function marked(maker: object): void {
  mkdirSync(join(here, "repos", "CooperBench", ".git"), { recursive: true });
  const marker = join(here, "repos", "CooperBench", ".git", "cooperbench-machine.json");
  writeFileSync(marker, JSON.stringify(maker));
}
const claim = (stack = "lab-1") => ({
  ...callerOf(here, stack),
  configuration: readConfiguration({ projectDir: here, stack }),
  pulumi: undefined,
});
const look = async (stack?: string, mayMake = true) => (await lookWhose(claim(stack), mayMake)).verdict;
const refusal = (found: string) => ({ ok: false, found: expect.stringContaining(found) });

describe("a state of another folder of this machine", () => {
  beforeEach(() => state("lab-1", { folder: there }));

  test("is refused where that has the stack", async () => {
    setting(there, "lab-1", `stackId: ${id}`);
    expect(await look()).toMatchObject(refusal(`was made from ${there}, which still has it`));
    await expect(claimStack(claim(), true)).rejects.toThrow(/Nothing was changed\.\nFix: /);
  });

  test("is refused where both are of a rehearsal, as dev is", async () => {
    setting(there, "lab-1", "stackId: /nowhere/mark");
    expect(await look()).toMatchObject(refusal("which still has it"));
  });

  test.each<[string, () => void]>([
    ["is gone", () => rmSync(there, { recursive: true })],
    ["has no such stack any more", () => {}],
    [
      "has a stack of that name with another id",
      () => setting(there, "lab-1", `stackId: ${id.replaceAll("1", "2")}`),
    ],
    [
      "is another project",
      () => {
        setting(there, "lab-1", `stackId: ${id}`);
        writeFileSync(join(there, "Pulumi.yaml"), "name: another\nconfig: {}\n");
      },
    ],
  ])("is adopted with a line where that %s", async (_, change) => {
    change();
    expect(await look()).toMatchObject({
      ok: true,
      note: expect.stringContaining(`last used from ${there}`),
    });
  });

  test("is adopted where the folder was moved here and has left a link", async () => {
    rmSync(there, { recursive: true });
    renameSync(here, join(folder, "new"));
    symlinkSync(join(folder, "new"), there);
    here = join(folder, "new");
    expect(await look()).toMatchObject({
      ok: true,
      note: expect.stringContaining(`is now used from ${here}`),
    });
  });
});

test("settings that have lost the id that the state has are told, with what gives it back", async () => {
  setting(here, "lab-1", "subset: lite");
  state("lab-1", {});
  expect(await look()).toMatchObject({ ok: true, id });
  expect(lostId(claim(), id)).toMatchObject({
    found: expect.stringContaining("has lost the stack's id"),
    remedies: { command: ["./machine", "set", "lab-1", "stackId", id] },
  });
  expect(lostId(claim(), undefined)).toBeUndefined();
  setting(here, "lab-1", "stackId: /nowhere/mark");
  expect(lostId(claim(), id)).toBeUndefined();
});

test("a folder by another path is the same", async () => {
  state("lab-1", {});
  symlinkSync(here, join(folder, "link"));
  here = join(folder, "link");
  expect(await look()).toEqual({ ok: true });
});

test("a copied file is known by its sibling, which the backend has", async () => {
  copyFileSync(join(here, "Pulumi.lab-1.yaml"), join(here, "Pulumi.copy.yaml"));
  state("lab-1", {});
  expect(await look("copy")).toMatchObject(refusal("the id of stack lab-1"));
  expect(await look("lab-1")).toEqual({ ok: true });
});

describe("a backend without the stack", () => {
  test("is told with its stacks to a command that makes none", async () => {
    state("two", {});
    expect(await look("lab-1", false)).toMatchObject(
      refusal(`is not in the backend file://${folder}/state, which has two`),
    );
    expect(await look()).toEqual({ ok: true });
  });

  test.each([
    ["its id", { stack: "before", id }, true],
    ["its name, of a version without ids", { stack: "lab-1" }, true],
    ["another id", { stack: "lab-1", id: id.replaceAll("1", "2") }, false],
    ["another name", { stack: "lab-2" }, false],
  ])("and a checkout with %s: %j is refused: %j", async (_, maker, isRefused) => {
    marked(maker);
    expect(await look()).toMatchObject(
      isRefused ? refusal(`${here}/repos/CooperBench was made by stack`) : { ok: true },
    );
  });
});

describe("a stack with the id of its rehearsal", () => {
  const dir = () => join(folder, "r");
  const mark = () => join(dir(), ".cooperbench-rehearsal");
  const other = id.replaceAll("1", "2");
  beforeEach(() => {
    mkdirSync(dir());
    const { dockerHost, imagesLock } = rehearsalAt(dir());
    setting(here, "dev", `stackId: ${mark()}`, `dockerHost: ${dockerHost}`, `imagesLock: ${imagesLock}`);
    state("dev", {});
  });

  test("keeps the state's where the rehearsal is not there, or is new", async () => {
    expect(await look("dev")).toEqual({ ok: true, id });
    writeFileSync(mark(), `id ${other}\n`);
    expect(await look("dev")).toEqual({ ok: true, id });
    writeFileSync(mark(), `id ${id}\n`);
    expect(await look("dev")).toEqual({ ok: true });
  });

  test("is refused where another stack has that rehearsal's id by now", async () => {
    writeFileSync(mark(), `id ${other}\n`);
    setting(there, "dev", `stackId: ${mark()}`);
    addUser(dir(), { ...userOf(claim("dev")), projectDir: there, backend: "s3://theirs", id: other });
    expect(await look("dev")).toMatchObject(refusal("these settings are another stack's"));
  });

  test("is refused where the same is up in another state", async () => {
    writeFileSync(mark(), `id ${id}\n`);
    setting(there, "dev", `stackId: ${mark()}`);
    addUser(dir(), { ...userOf(claim("dev")), projectDir: there, backend: "s3://theirs" });
    expect(await look("dev"), "its own state has it").toEqual({ ok: true });
    rmSync(join(folder, "state"), { recursive: true });
    expect(await look("dev")).toMatchObject(refusal(`stack dev of ${there} (s3://theirs) has the same id`));
  });
});
