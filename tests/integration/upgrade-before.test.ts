import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { type Ended, Lab } from "./lab.ts";
import { readOldStack } from "./old-stack.ts";
import { Project } from "./project.ts";

const stack = "before";
const lab = new Lab();
const project = new Project(lab, "project");
const names: Record<string, string> = { PROJECT: project.dir };

const laidDown = (file: string) => readOldStack("949dbd7", file, lab, names);

/**
 * Brings a machine to where version 949dbd7 has left it: what is the same whoever makes it, the present program makes;
 * containers, markers, `.env` and state are the old version's.
 */
beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {});
  const passphraseFile = join(lab.folder, "passphrase");
  writeFileSync(passphraseFile, laidDown("passphrase"), { mode: 0o600 });
  writeFileSync(project.settingsFile(stack), laidDown("Pulumi.before.yaml"));
  project.configure(stack, { passphraseFile });
  await mustPulumi("stack", "init", stack, "--no-select");
  const { code, stdout, stderr } = await project.machine(["up", stack]);
  expect(code, stdout + stderr).toBe(0);
  const made = await mustPulumi("stack", "output", "--json", "--stack", stack);
  names.PYTHON = JSON.parse(made.stdout).cooperbench.pythonVersion;

  await layDownContainers();
  const git = join(lab.checkout, ".git", "cooperbench-machine.json");
  const venv = join(lab.checkout, ".venv");
  const { packages } = JSON.parse(readFileSync(join(venv, "cooperbench-machine.json"), "utf8"));
  // Nothing in it is newer than its marker says: what is counts as changed by the user.
  const touched = ["-exec", "touch", "--no-dereference", "--date=2026-01-01", "{}", "+"];
  expect(await lab.run("find", [venv, ...touched])).toMatchObject({ code: 0 });
  writeFileSync(git, laidDown("checkout-marker.json"));
  const marker = { ...JSON.parse(laidDown("venv-marker.json")), packages };
  writeFileSync(join(venv, "cooperbench-machine.json"), JSON.stringify(marker));
  writeFileSync(lab.dotenv, laidDown("dotenv"), { mode: 0o600 });
  const file = join(lab.folder, "state.json");
  writeFileSync(file, laidDown("state.json"));
  await mustPulumi("stack", "import", "--file", file, "--stack", stack);
});
afterAll(() => lab.close());

async function mustPulumi(...args: readonly string[]): Promise<Ended> {
  const ended = await project.machine(["pulumi", ...args], { PULUMI_STACK: stack });
  expect(ended, args.join(" ")).toMatchObject({ code: 0 });
  return ended;
}

/** Puts containers, network and volume as the old version made them in place of the present program's. */
async function layDownContainers(): Promise<void> {
  names.GIT_IMAGE = (await lab.engine.getImage("cooperbench-git-server:local").inspect()).Id;
  const containers = JSON.parse(laidDown("containers.json"));
  for (const { name } of containers) await lab.engine.getContainer(name).remove({ force: true, v: true });
  const [network, volume] = ["cooperbench", "cooperbench-git-data"];
  await lab.engine.getNetwork(network).remove();
  await lab.engine.getVolume(volume).remove();
  const { Labels } = containers[1];
  await lab.engine.createVolume({ Name: volume, Labels });
  names.NETWORK = (await lab.engine.createNetwork({ Name: network, Driver: "bridge", Labels })).id;
  const ids = [];
  for (const container of containers) {
    const created = await lab.engine.createContainer(container);
    await created.start();
    ids.push(created.id);
  }
  const [redis = "", git = ""] = ids;
  Object.assign(names, { REDIS_CONTAINER: redis, GIT_CONTAINER: git, GIT_HOSTNAME: git.slice(0, 12) });
}

/** The id of each resource that a state has, by its name and type: one that is replaced has another. */
async function idsInState(): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await mustPulumi("stack", "export", "--stack", stack);
  const { resources } = JSON.parse(stdout).deployment as { resources: { urn: string; id?: string }[] };
  return Object.fromEntries(
    resources.flatMap(({ urn, id }) => (id === undefined ? [] : [[urn.split("$").at(-1), id]])),
  );
}

test("a stack of the version before is updated in place: nothing of it is made anew but two proofs", async () => {
  const before = await idsInState();
  const { code, stdout, stderr } = await project.machine(["up", stack]);
  expect(code, stdout + stderr).toBe(0);
  const after = await idsInState();
  expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
  expect(Object.keys(before).length).toBeGreaterThan(25);
  // Those of then are of no files of the dataset, and of the time when the .env was written, not of its bytes.
  const proofs = ["cooperbench-verification", "route-proof"].map((name) => `command:local:Command::${name}`);
  expect(
    Object.keys(before)
      .filter((name) => after[name] !== before[name])
      .sort(),
  ).toEqual(proofs);
  expect(await project.machine(["preview", stack, "--expect-no-changes"])).toMatchObject({ code: 0 });
});

test("its services run on as they were", async () => {
  for (const [name, id] of [
    ["cooperbench-redis", names.REDIS_CONTAINER],
    ["cooperbench-git", names.GIT_CONTAINER],
  ] as const)
    expect(await lab.engine.getContainer(name).inspect()).toMatchObject({
      Id: id,
      State: { Running: true, ExitCode: 0 },
    });
});

test("its destroy removes all that it had made", async () => {
  const { code, stdout, stderr } = await project.machine(["destroy", stack]);
  expect(code, stdout + stderr).toBe(0);
  expect(existsSync(lab.checkout), stdout + stderr).toBe(false);
  expect(existsSync(lab.rehearsal.dir)).toBe(false);
});
