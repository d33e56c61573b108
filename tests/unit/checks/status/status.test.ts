import { expect, test } from "vitest";
import { taskName } from "../../../../benchmark/tasks.ts";
import { otherSettingsFinding } from "../../../../checks/doctor/route.ts";
import { shown } from "../../../../checks/finding.ts";
import {
  cliCheck,
  credentialsCheck,
  imagesCheck,
  operationCheck,
  oracleCheck,
  routeCheck,
  runnersCheck,
  type ServicesFacts,
  servicesCheck,
} from "../../../../checks/status/checks.ts";
import { imagesStatus as imagesStatusOf, oddities } from "../../../../checks/status/images.ts";
import { proofNames } from "../../../../checks/status/names.ts";
import { lastOperation, type Proof, readProofs } from "../../../../checks/status/proofs.ts";
import { noRecord, type ProofRecord } from "../../../../checks/status/record.ts";
import { known } from "../../../../lib/known.ts";
import type { EngineImage } from "../../../../provision/engine/images.ts";
import { digest, lockedTasks } from "../doctor/facts.ts";

const at = "2026-01-02T03:04:05Z";
const tasks = lockedTasks({}, {});
const [one, two] = tasks as [(typeof tasks)[number], (typeof tasks)[number]];

const there: readonly EngineImage[] = tasks.map(({ image, locked }) => ({
  id: locked?.imageId ?? "",
  references: [image],
  digests: [],
  sizeBytes: 7,
}));

function proof(result: unknown, request = {}, provedAt = at): Proof {
  return { provedAt, request, of: [], result };
}

function probed(task: typeof one, more = {}): [string, Proof] {
  const { imageId = "", digest = "" } = task.locked ?? {};
  const result = {
    ...{ image: task.image, imageId, digest: `repository@${digest}`, platform: "linux/amd64" },
    ...{ runner, changedFiles: 0, lostPrograms: [] },
  };
  return [proofNames.image(task), proof({ ...result, commit: task.baseCommit, ...more })];
}

const dockerHost = "unix:///d";
const runner = "1".repeat(40);
const datasets: Record<string, string> = {};

/** As the status has it of a state with these proofs, and what was recorded beside it. */
function imagesStatus(
  of: typeof tasks,
  engine: readonly EngineImage[] | undefined,
  proofs: ReadonlyMap<string, Proof>,
  oracleTasks: number,
  recorded?: Partial<ProofRecord>,
) {
  const datasetHashOf = (task: typeof one) => datasets[taskName(task)];
  return imagesStatusOf(
    of,
    { engine, dockerHost, oracleTasks, datasetHashOf, datasetRunnerOf: () => runner },
    { proofs, ...(recorded && { recorded: { ...noRecord, ...recorded } }) },
  );
}

const age = { at, maxDays: 7 };
const all = new Map([probed(one), probed(two)]);
const states = (...args: Parameters<typeof imagesStatus>) => imagesStatus(...args).map(({ state }) => state);

test("an image is proved while it is what its probe has seen", () => {
  expect(states(tasks, there, all, 0)).toEqual(["proved", "proved"]);
  expect(imagesStatus(tasks, there, all, 0)[0]).toMatchObject({
    task: taskName(one),
    isLocked: true,
    sizeBytes: 7,
    provedAt: at,
    baseCommit: one.baseCommit,
    isOracleWanted: false,
  });
});

test("an image is not proved when it is gone, another one, or was never probed", () => {
  const [first, second] = there as [EngineImage, EngineImage];
  expect(states(tasks, [second], all, 0)).toEqual(["missing", "proved"]);
  expect(states(tasks, [{ ...first, id: digest(9) }, second], all, 0)).toEqual(["changed", "proved"]);
  expect(states(tasks, there, new Map([probed(two)]), 0)).toEqual(["unproved", "proved"]);
  expect(states(tasks, undefined, all, 0)).toEqual(["unseen", "unseen"]);
});

test("an image is not proved when the lock or the base commit has changed since", () => {
  for (const edited of [{ digest: digest(9) }, { imageId: digest(9) }, { platform: "linux/arm64" }]) {
    const relocked = [{ ...one, locked: { ...one.locked, ...edited } }, two] as typeof tasks;
    expect(states(relocked, there, all, 0)).toEqual(["other", "proved"]);
  }
  const moved = new Map([probed(one, { commit: "0".repeat(40) }), probed(two)]);
  expect(states(tasks, there, moved, 0)).toEqual(["other", "proved"]);
});

test("the images' check counts, names what is wrong, and tells of the oldest proof", () => {
  const older = new Map([
    ...all,
    [proofNames.image(two), { ...probed(two)[1], provedAt: "2026-01-01T00:00:00Z" }],
  ]);
  expect(imagesCheck("lab-1", imagesStatus(tasks, there, older, 0))).toMatchObject({
    check: "images",
    level: "ok",
    found: "2/2 are there as they were proved",
    provedAt: "2026-01-01T00:00:00Z",
  });
  expect(imagesCheck("lab-1", imagesStatus(tasks, there.slice(1), all, 0))).toMatchObject({
    level: "blocker",
    found: `1/2 are there as they were proved; 1 missing: ${taskName(one)}`,
    remedy: "Fix: ./machine up lab-1",
  });
  expect(imagesCheck("lab-1", imagesStatus(tasks, undefined, all, 0))).toMatchObject({ level: "blocker" });
});

test("what was proved is not known where the state could not be read, and is not said to be nothing", () => {
  const images = imagesStatus(tasks, there.slice(1), new Map(), 1);
  expect(imagesCheck("lab-1", images, false)).toMatchObject({
    check: "images",
    level: "blocker",
    found: "1/2 are there; whether they are as they were proved is not known",
    remedy: "Fix: see what helps the update",
  });
  expect(imagesCheck("lab-1", imagesStatus(tasks, undefined, new Map(), 1), false).found).toBe(
    "what was proved is not known; the images cannot be seen now",
  );
  expect(oracleCheck("lab-1", images, age, false)).toMatchObject({
    level: "blocker",
    found: "whether gold patches pass their tests is not known",
  });
});

test("an oracle counts for the image that it was run in", () => {
  const oracle = (imageId: string): [string, Proof] => [
    proofNames.oracle(one),
    proof({ imageId, feature: 1, goldSeconds: 2, controlSeconds: 1 }),
  ];
  const check = (imageId: string) =>
    oracleCheck("lab-1", imagesStatus(tasks, there, new Map([...all, oracle(imageId)]), 1), age);
  expect(check(one.locked?.imageId ?? "")).toMatchObject({ level: "ok", provedAt: at });
  expect(check(digest(9))).toMatchObject({ level: "blocker", remedy: "Fix: ./machine up lab-1" });
  const proofs = new Map([...all, oracle(one.locked?.imageId ?? "")]);
  const unseen = imagesStatus(tasks, undefined, proofs, 1)[0]?.oracle;
  expect(unseen).toMatchObject({ isCurrent: false, fault: "the engine does not answer" });
  expect(oracleCheck("lab-1", imagesStatus(tasks, there, all, 1), age)).toMatchObject({ level: "blocker" });
  expect(oracleCheck("lab-1", imagesStatus(tasks, there, all, 0), age)).toMatchObject({
    level: "off",
    found: "none was run (oracleTasks: 0)",
  });
});

test("an oracle that was run in an image which is missing is not said to have never been run", () => {
  const imageId = one.locked?.imageId ?? "";
  const run = proof({ imageId, feature: 1, goldSeconds: 2, controlSeconds: 1 });
  const proofs = new Map([...all, [proofNames.oracle(one), run] as const]);
  expect(oracleCheck("lab-1", imagesStatus(tasks, there.slice(1), proofs, 0), age)).toMatchObject({
    level: "off",
    found: `it was run for ${taskName(one)}, and no longer counts: it was run in image ${imageId.slice(0, 19)}, which is missing`,
    provedAt: at,
  });
});

test("the command line is well where it is there, at the proved commit", () => {
  const facts = {
    stack: "lab-1",
    folder: "/c",
    wrong: undefined,
    commit: "a".repeat(40),
    wantedCommit: "a".repeat(40),
    environment: at,
    subset: "lite",
    tasks: ["a/1"],
    dataset: "dataset x",
    changedSources: [],
    proof: {
      ...proof(
        { version: "0.0.29", pythonVersion: "3.12.1" },
        { folder: "/c", subset: "lite", tasks: ["a/1"] },
      ),
      of: ["a".repeat(40), at, "dataset x"],
    },
  };
  expect(cliCheck(facts)).toMatchObject({ level: "ok", provedAt: at });
  const others = {
    commit: "b".repeat(40),
    folder: "/d",
    environment: "2026-02-02T00:00:00Z",
    subset: "flash",
    tasks: ["a/2"],
    dataset: "dataset y",
  };
  for (const [part, value] of Object.entries(others))
    expect([part, cliCheck({ ...facts, [part]: value }).level]).toEqual([part, "blocker"]);
  expect(cliCheck({ ...facts, commit: "b".repeat(40) }).found).toContain(
    `it was proved for commit ${"a".repeat(40)}; it is ${"b".repeat(40)} now`,
  );
  // The user's own, which is used as it is.
  expect(cliCheck({ ...facts, wantedCommit: "c".repeat(40) })).toMatchObject({
    level: "warning",
    found: expect.stringContaining("the wanted commit is cccccccccccc"),
  });
  expect(cliCheck({ ...facts, changedSources: ["src/cooperbench/__init__.py"] })).toMatchObject({
    level: "warning",
    found: expect.stringContaining(
      "of its source a file is not as in the commit: src/cooperbench/__init__.py",
    ),
    remedy: expect.stringContaining("git -C /c checkout HEAD -- src"),
  });
  expect(cliCheck({ ...facts, proof: undefined })).toMatchObject({ level: "blocker" });
  expect(cliCheck({ ...facts, wrong: "it is missing" })).toMatchObject({
    level: "blocker",
    found: "it is missing",
  });
});

test("credentials and route block a run where they are not as configured", () => {
  expect(credentialsCheck("lab-1", "/c/.env", undefined).level).toBe("ok");
  expect(credentialsCheck("lab-1", "/c/.env", "it has no key").level).toBe("blocker");
  const facts = {
    stack: "lab-1",
    folder: "/c",
    modelApiBase: "https://a.example/v2",
    overridden: undefined,
    model: "cohere/command-r",
    proof: proof(undefined, { modelApiBase: "https://a.example/v2", model: "cohere/command-r" }),
  };
  expect(routeCheck(facts)).toMatchObject({ level: "ok", found: "a run asks https://a.example/v2/chat" });
  const overridden = { found: "X is overridden", remedies: { command: ["unset", "X"] } };
  expect(routeCheck({ ...facts, overridden })).toMatchObject({
    level: "blocker",
    remedy: "Fix: unset X\nFix: and after that:\n  ./machine up lab-1",
  });
  expect(routeCheck({ ...facts, modelApiBase: "https://b.example/v2" })).toMatchObject({ level: "blocker" });
  expect(routeCheck({ ...facts, model: "cohere/command-a-03-2025" })).toMatchObject({
    level: "blocker",
    found: "it was proved for model cohere/command-r; it is cohere/command-a-03-2025 now",
  });
  expect(routeCheck({ ...facts, proof: undefined })).toMatchObject({ level: "blocker" });
  expect(routeCheck({ ...facts, dotenvFault: "COHERE_API_BASE not as configured" })).toMatchObject({
    level: "blocker",
    found: "it was proved with another .env: COHERE_API_BASE not as configured",
  });
});

test("the proof of a route is of one .env, as far as it says so", () => {
  const asked = { modelApiBase: "https://a.example/v2", model: "cohere/command-r" };
  const facts = { stack: "lab-1", folder: "/c", ...asked, overridden: undefined };
  const of = (...words: string[]) => ({
    ...proof(undefined, asked),
    of: ["c a", ...words],
  });
  expect(routeCheck({ ...facts, dotenvHash: "a", proof: of(".env a") })).toMatchObject({ level: "ok" });
  expect(routeCheck({ ...facts, dotenvHash: "b", proof: of(".env a") })).toMatchObject({
    level: "blocker",
    found: "the .env has changed since the proof",
    remedy: "Fix: ./machine up lab-1",
  });
  // Of a state of old, and of a .env without a block, which is a finding of its own.
  expect(routeCheck({ ...facts, dotenvHash: "b", proof: of(at) })).toMatchObject({ level: "ok" });
  expect(routeCheck({ ...facts, proof: of(".env a") })).toMatchObject({ level: "ok" });
});

test("what else decides a run is a warning, and nothing where nothing does", () => {
  expect(otherSettingsFinding(known([]))).toBeUndefined();
  expect(otherSettingsFinding({ unknown: "no answer" })).toBeUndefined();
  expect(otherSettingsFinding(known(["DOCKER_HOST (/c/.env:3)"]))).toMatchObject({
    level: "warning",
    found: "these also decide what a run does: DOCKER_HOST (/c/.env:3)",
  });
});

test("services are off, well, or in the way", () => {
  const facts: ServicesFacts = {
    redis: { host: "127.0.0.1", port: 6379 },
    answer: "+PONG",
    git: "running",
    proof: proof({}),
  };
  expect(servicesCheck("lab-1", undefined).level).toBe("off");
  expect(servicesCheck("lab-1", facts)).toMatchObject({ level: "ok", provedAt: at });
  expect(servicesCheck("lab-1", { ...facts, git: undefined })).toMatchObject({ level: "ok" });
  expect(servicesCheck("lab-1", { ...facts, answer: undefined })).toMatchObject({
    level: "blocker",
    found: "no Redis answers at 127.0.0.1:6379",
  });
  expect(
    servicesCheck("lab-1", { ...facts, redis: { host: "127.0.0.1", port: 0 }, answer: undefined }),
  ).toMatchObject({ level: "blocker", found: "there is no Redis yet" });
  expect(servicesCheck("lab-1", { ...facts, git: "exited with 1" })).toMatchObject({ level: "blocker" });
  expect(servicesCheck("lab-1", { ...facts, proof: undefined })).toMatchObject({ level: "blocker" });
});

test("a stack without an update is not ready, and a failed one is told", () => {
  expect(operationCheck("lab-1", {}).level).toBe("blocker");
  const last = { kind: "update", result: "succeeded", endedAt: at };
  expect(operationCheck("lab-1", { last })).toMatchObject({ level: "ok", provedAt: at });
  expect(operationCheck("lab-1", { last: { ...last, result: "failed" } }).level).toBe("warning");
  expect(operationCheck("lab-1", { last: { ...last, kind: "destroy" } }).level).toBe("blocker");
  const halfway = { ...last, kind: "destroy", result: "failed" };
  expect(operationCheck("lab-1", { last: halfway })).toMatchObject({
    found: "the last destroy failed",
    remedy: expect.stringMatching(
      /^Fix: .*:\n {2}\.\/machine destroy lab-1\nFix: .*:\n {2}\.\/machine up lab-1$/,
    ),
  });
});

test("an update that the user has ended is told as interrupted, and that an update goes on", () => {
  const last = { kind: "update", result: "failed", endedAt: at };
  const update = { startedAt: at, endedAt: at, isInterrupted: true };
  expect(operationCheck("lab-1", { last, recorded: { ...noRecord, update } })).toMatchObject({
    level: "warning",
    found: "the last update was interrupted",
    remedy: "Fix: to go on with it:\n  ./machine up lab-1",
  });
  const before = { ...last, endedAt: "2020-01-01T00:00:00Z" };
  expect(operationCheck("lab-1", { last: before, recorded: { ...noRecord, update } }).found).toBe(
    "the last update failed",
  );
});

test("an update that runs is told instead of the last one, and so is one that was cut off", () => {
  const last = { kind: "update", result: "succeeded", endedAt: at };
  const running = {
    check: "update",
    level: "blocker",
    found: "an update is running",
    ...shown({ advice: "wait" }),
  } as const;
  const cut = { ...running, level: "warning" } as const;
  expect(operationCheck("lab-1", { last, underway: running })).toEqual(running);
  expect(operationCheck("lab-1", { last, underway: cut })).toEqual(cut);
  // Then nothing was ever proved.
  expect(operationCheck("lab-1", { underway: cut }).level).toBe("blocker");
  expect(operationCheck("lab-1", { last: { ...last, kind: "destroy" }, underway: cut }).level).toBe(
    "blocker",
  );
  expect(
    operationCheck("lab-1", { unread: "it is cut off", remedies: { command: ["cp", "a", "b"] } }),
  ).toMatchObject({
    level: "blocker",
    remedy: "Fix: cp a b",
  });
});

test("a state that cannot be read is not taken for one that says nothing", () => {
  expect(operationCheck("lab-1", { unread: "error: no backend" })).toMatchObject({
    level: "blocker",
    found: "Pulumi's state cannot be read, so the proofs are not known: error: no backend",
  });
});

test("proofs are read from commands alone; secret output and replaced resources are left out", () => {
  const command = { type: "command:local:Command", created: "2026-01-01T00:00:00Z" };
  const urn = (name: string) => `urn:pulumi:s::p::t::${name}`;
  const resources = [
    { urn: urn("stack"), type: "pulumi:pulumi:Stack" },
    {
      ...command,
      urn: urn("a"),
      modified: at,
      outputs: { stdout: '{"x":1}' },
      inputs: { environment: { COOPERBENCH_MACHINE_REQUEST: '{"a":"b"}' }, triggers: ["c", ".env d"] },
    },
    { ...command, urn: urn("b"), outputs: { stdout: { ciphertext: "…" } } },
    { ...command, urn: urn("c"), delete: true, outputs: { stdout: '{"x":1}' } },
  ];
  expect([...readProofs({ resources })]).toEqual([
    ["a", { provedAt: at, request: { a: "b" }, of: ["c", ".env d"], result: { x: 1 } }],
    ["b", { provedAt: "2026-01-01T00:00:00Z", request: {}, of: [], result: undefined }],
  ]);
  expect(readProofs({}).size).toBe(0);
});

test("the last operation is the first of the history", () => {
  const operation = { kind: "update", result: "failed", startTime: "2026-01-01T00:00:00Z", endTime: at };
  expect(lastOperation(JSON.stringify([operation]))).toEqual({
    kind: "update",
    result: "failed",
    endedAt: at,
  });
  expect(lastOperation("[]")).toBeUndefined();
});

test("an image with another runner than the dataset's is in a run's way, until its oracle has passed", () => {
  const versionOf = (task: string) => (task === taskName(one) ? "0.0.20" : undefined);
  const check = (proofs: ReadonlyMap<string, Proof>) =>
    runnersCheck("lab-1", imagesStatus(tasks, there, proofs, 1), "0.0.14", versionOf);
  expect(check(all)).toMatchObject({
    ...{ check: "runners", level: "ok", found: "2/2 images have the runner.sh of the dataset" },
  });
  const other = new Map([probed(one, { runner: "2".repeat(40) }), probed(two)]);
  expect(check(other)).toMatchObject({
    level: "blocker",
    found: `1/2 images have the runner.sh of the dataset; ${taskName(one)} has that of 0.0.20, the dataset is of 0.0.14`,
    remedy: expect.stringMatching(/\.\/machine oracle lab-1 --all\n.* cooperbenchVersion .* imagesLock/s),
  });
  const passed = { image: one.image, imageId: one.locked?.imageId, feature: 1 };
  expect(check(new Map([...other, [proofNames.oracle(one), proof(passed)]]))).toMatchObject({
    level: "ok",
    found: expect.stringMatching(/and their gold patches pass all the same$/),
  });
  const both = new Map([probed(one, { runner: "2".repeat(40) }), probed(two, { runner: "3".repeat(40) })]);
  expect(check(both)?.found).toMatch(/have that of 0\.0\.20, a version that the checkout does not know, the/);
  expect(check(new Map())).toBeUndefined();
});

test("a probe that has asked less than this release's proves nothing", () => {
  expect(states(tasks, there, new Map([probed(one, { runner: undefined }), probed(two)]), 0)).toEqual([
    "unproved",
    "proved",
  ]);
});

test("what is odd is told by task, and is no finding", () => {
  const odd = new Map([
    probed(one, { changedFiles: 1, lostPrograms: ["cargo", "cargo-clippy", "rustc", "rustup"] }),
    probed(two, { changedFiles: 12 }),
  ]);
  const images = imagesStatus(tasks, there, odd, 0);
  expect(oddities(images)).toEqual([
    `${taskName(one)}: 1 file of /workspace/repo differs from its commit`,
    `${taskName(one)}: an agent's shell does not find cargo, cargo-clippy, rustc and 1 more`,
    `${taskName(two)}: 12 files of /workspace/repo differ from its commit`,
  ]);
  expect(imagesCheck("lab-1", images)).toMatchObject({ level: "ok" });
  expect(oddities(imagesStatus(tasks, there, all, 0))).toEqual([]);
});
