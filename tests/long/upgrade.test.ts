import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requestVariable } from "../../provision/steps/contract.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { SOURCE_COMMIT } from "../../rehearsal/source-commit.ts";
import { readyToolchain } from "../../toolchain/toolchain.ts";
import { changedBy } from "../integration/changed-by.ts";
import { Lab } from "../integration/lab.ts";
import { readOldStack } from "../integration/old-stack.ts";
import { Project } from "../integration/project.ts";

const fixture = join(import.meta.dirname, "../fixtures/stack-of-05b84e3");
const stack = "legacy";
const lab = new Lab();
const project = new Project(lab, "project");
let redis: string;

interface Exported {
  readonly deployment: { resources: { readonly urn: string }[]; readonly [key: string]: unknown };
}

/** A file of the fixture. The git server's things are none of this machine's: they are left out below. */
const laidDown = (file: string) =>
  readOldStack("05b84e3", file, lab, {
    REDIS_CONTAINER: redis,
    GIT_CONTAINER: "",
    GIT_IMAGE: "",
    GIT_NETWORK: "",
  });

async function provision(step: string, request: Readonly<Record<string, unknown>>): Promise<void> {
  const { env } = await readyToolchain({ projectDir: project.dir, report: () => {} });
  const args = ["exec", "node", "provision/main.ts", step, "make"];
  const made = await project.machine(args, {
    ...env,
    [requestVariable]: JSON.stringify({ owner: { stack }, folder: lab.checkout, ...request }),
  });
  if (made.code !== 0) throw new Error(made.stderr);
}

/** Brings a machine to where version 05b84e3 has left it, without the git server. */
beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {});
  for (const reference of ["go-chi:task26", "go-chi:task27", "go-chi:task56"])
    await pull(`akhatua/cooperbench-${reference}`);
  await pull("redis:alpine");
  const { name, ...container } = JSON.parse(readFileSync(join(fixture, "redis-container.json"), "utf8"));
  const created = await lab.engine.createContainer({ name, ...container });
  await created.start();
  redis = created.id;

  const repository = lab.rehearsal.sourceRepository;
  await provision("checkout", { repository, commit: SOURCE_COMMIT });
  await provision("venv", { commit: SOURCE_COMMIT, extras: ["dev"], pythonVersion: ">=3.10" });
  writeFileSync(join(lab.checkout, ".git", "cooperbench-machine.json"), laidDown("checkout-marker.json"));
  const venv = join(lab.checkout, ".venv");
  // Nothing in it is newer than its marker says: what is counts as changed by the user.
  const touched = ["-exec", "touch", "--no-dereference", "--date=2026-01-01", "{}", "+"];
  expect(await lab.run("find", [venv, ...touched])).toMatchObject({ code: 0 });
  writeFileSync(join(venv, "cooperbench-machine.json"), laidDown("venv-marker.json"));
  writeFileSync(lab.dotenv, laidDown("dotenv"), { mode: 0o600 });
  const { deployment, ...exported } = JSON.parse(laidDown("state.json")) as Exported;
  const subset = deployment.resources.find(({ urn }) => urn.endsWith("::runs-subset")) as unknown as {
    inputs: { environment: { TASKS: string } };
  };
  await provision("subset", { tasks: JSON.parse(subset.inputs.environment.TASKS) });

  writeFileSync(join(lab.folder, "passphrase"), laidDown("passphrase"), { mode: 0o600 });
  writeFileSync(project.settingsFile(stack), laidDown("Pulumi.legacy.yaml"));
  project.configure(stack, { passphraseFile: join(lab.folder, "passphrase"), git: false });
  const resources = deployment.resources.filter(({ urn }) => !isOfGit(urn)).map(withoutGit);
  mkdirSync(join(lab.folder, "data"), { recursive: true });
  const file = join(lab.folder, "state.json");
  writeFileSync(file, JSON.stringify({ ...exported, deployment: { ...deployment, resources } }));
  for (const args of [
    ["stack", "init", stack, "--no-select"],
    ["stack", "import", "--file", file, "--stack", stack],
  ])
    expect(await project.machine(["pulumi", ...args], { PULUMI_STACK: stack }), args.join(" ")).toMatchObject(
      { code: 0 },
    );
});
afterAll(() => lab.close());

const isOfGit = (value: unknown) => typeof value === "string" && value.includes("::coop-git");

/** A resource without what it has of the git server, whose image another machine does not have. */
function withoutGit(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => !isOfGit(one)).map(withoutGit);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutGit(one)]));
}

async function pull(reference: string): Promise<void> {
  const stream = await lab.engine.pull(reference);
  await new Promise<void>((resolve, reject) =>
    lab.engine.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
  );
}

test("a stack that is older than ids is adopted with a line, and nothing of it is made anew but proofs", async () => {
  const update = await project.machine(["up", stack]);
  expect(update.code, update.stdout + update.stderr).toBe(0);
  expect(update.stderr).toContain(`stack ${stack} is older than ids`);
  const id = /stackId: (\S+)/.exec(readFileSync(project.settingsFile(stack), "utf8"))?.[1];
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  // A proof of then is of the time when the .env was written, and not of its bytes.
  // Two proofs are of more than they were then.
  const proofs = changedBy(update, "created|replaced|deleted").filter((name) => !name.startsWith("coop-"));
  expect(proofs.sort()).toEqual(["cooperbench-verification", "route-proof"]);
  expect(readFileSync(lab.dotenv, "utf8")).toContain(`stack ${stack}, id ${id}`);
  expect(await project.machine(["preview", stack, "--expect-no-changes"])).toMatchObject({ code: 0 });
});

test("its Redis runs on as it was", async () => {
  const container = await lab.engine.getContainer("cooperbench-redis").inspect();
  expect(container).toMatchObject({ Id: redis, State: { Running: true, ExitCode: 0 } });
});

test("its destroy removes all that it had made", async () => {
  const { code, stdout, stderr } = await project.machine(["destroy", stack]);
  expect(code, stdout + stderr).toBe(0);
  expect(existsSync(lab.checkout), stdout + stderr).toBe(false);
  expect(existsSync(lab.rehearsal.dir)).toBe(false);
});
