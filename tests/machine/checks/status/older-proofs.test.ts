import { expect, test } from "vitest";
import { taskName } from "../../../../benchmark/tasks.ts";
import { blocker, type Finding } from "../../../../checks/finding.ts";
import { wantedOf } from "../../../../checks/status/images.ts";
import { proofNames } from "../../../../checks/status/names.ts";
import { type Proof, readProofs } from "../../../../checks/status/proofs.ts";
import { noRecord, type ProofRecord } from "../../../../checks/status/record.ts";
import { type Dataset, machineStatus } from "../../../../checks/status/status.ts";
import { known } from "../../../../lib/known.ts";
import { parseSettings } from "../../../../program/settings.ts";
import type { Look, Wanted } from "../../../../provision/look.ts";
import { configurationWith } from "../../../configuration.ts";
import { lab1 } from "../../../owners.ts";
import { engineFacts, lockedTasks } from "../../../unit/checks/doctor/facts.ts";

/** When each thing was made and proved, and when something came in between that no proof is of. */
const [first, later] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
type Task = ReturnType<typeof lockedTasks>[number];
const [task, otherTask] = lockedTasks({}, {}) as [Task, Task];
const locked = task.locked as NonNullable<Task["locked"]>;
const { imageId, digest } = locked;
const commit = "c".repeat(40);
const modelApiBase = "https://a.example/v2";
const settings = {
  ...parseSettings(
    "lab-1",
    configurationWith({ oracleTasks: 1, coop: true, modelApiBase, cooperbenchCommit: commit }),
  ),
  tasks: [task],
};
const wanted: Wanted = {
  owner: lab1,
  dockerHost: "unix:///nowhere/docker.sock",
  redis: { host: "127.0.0.1", port: 6379 },
  git: false,
  folder: "/nowhere/CooperBench",
  pythonVersion: "3.12",
  modelApiBase,
  cohereApiKey: undefined,
  smoke: [],
};
const well = known(undefined);
const redisFacts = {
  dockerHost: wanted.dockerHost,
  owner: lab1,
  address: { host: "127.0.0.1", port: 6379 },
  container: undefined,
  answer: "+PONG",
  runId: "run-of-redis",
};
const look: Look = {
  wanted,
  engine: known({
    ...engineFacts(),
    images: [{ id: imageId, references: [task.image], digests: [], sizeBytes: 7 }],
  }),
  redis: known(redisFacts),
  git: undefined,
  others: known([]),
  head: known(commit),
  headOfUsers: known(undefined),
  otherSettings: known([]),
  refused: known([]),
  dotenvBytes: { hash: "a", read: "a" },
  ...{ checkout: well, venv: well, dotenv: well, route: well, subset: well },
};

interface Command {
  readonly result: Readonly<Record<string, unknown>>;
  readonly request?: Readonly<Record<string, unknown>>;
  readonly triggers?: readonly string[];
  readonly at?: string;
}

const runner = "1".repeat(40);
const noted = { runner, changedFiles: 0, lostPrograms: [] };

/** What the state has where all was made, and then proved, and nothing has changed since. */
const commands: Readonly<Record<string, Command>> = {
  [proofNames.image(task)]: {
    result: {
      image: task.image,
      imageId,
      digest: `r@${digest}`,
      platform: "linux/amd64",
      commit: task.baseCommit,
      ...noted,
    },
    request: { dockerHost: wanted.dockerHost },
  },
  [proofNames.oracle(task)]: {
    result: { image: task.image, imageId, feature: 1 },
    triggers: [imageId, "sha256:patches"],
  },
  [proofNames.checkout]: { result: { folder: wanted.folder, commit } },
  "cooperbench-venv": { result: { changed: first } },
  [proofNames.cli]: {
    result: { version: "0.0.29", pythonVersion: "3.12.1" },
    request: { folder: wanted.folder, subset: "lite", tasks: [taskName(task)] },
    triggers: [commit, first, "dataset a"],
  },
  [proofNames.route]: {
    result: {},
    request: { folder: wanted.folder, modelApiBase, model: "cohere/command-a-03-2025" },
    triggers: [`${commit} ${first}`, ".env a"],
  },
  [proofNames.coop]: {
    result: {},
    request: { redis: "127.0.0.1:6379" },
    triggers: ["run-of-redis", `${commit} ${first}`],
  },
};

/** Proofs, read from a state as Pulumi exports it. */
function proofsOf(changed: Readonly<Record<string, Command>>): ReadonlyMap<string, Proof> {
  const resources = Object.entries({ ...commands, ...changed }).map(([name, command]) => ({
    urn: `urn:pulumi:lab-1::p::t::${name}`,
    type: "command:local:Command",
    modified: command.at ?? first,
    inputs: {
      environment: { COOPERBENCH_MACHINE_REQUEST: JSON.stringify(command.request ?? {}) },
      triggers: command.triggers,
    },
    outputs: { stdout: JSON.stringify(command.result) },
  }));
  return readProofs({ resources });
}

const dataset: Dataset = {
  ...{ shape: "dataset a", hashOf: () => "sha256:patches" },
  ...{ runnerOf: () => runner, versionOf: async () => "0.0.20" },
};

type Question = Partial<Parameters<typeof machineStatus>[0]>;

/** What each check of a status has found. */
async function checksOf(
  now: Partial<Look>,
  inState: Readonly<Record<string, Command>> = {},
  more: Question & { readonly recorded?: Partial<ProofRecord> } = {},
) {
  const recorded = { ...noRecord, ...more.recorded };
  const { checks } = await machineStatus({
    look: { ...look, ...now },
    settings,
    configuration: {},
    isRehearsal: false,
    startedBy: undefined,
    projectDir: "/nowhere",
    pieces: [],
    state: {
      proofs: proofsOf(inState),
      recorded,
      last: { kind: "update", result: "succeeded", endedAt: first },
    },
    dataset,
    now: new Date(later),
    ...more,
  });
  return Object.fromEntries(checks.map((check) => [check.check, check]));
}

/** The level of each check of a status. */
async function levels(...given: Parameters<typeof checksOf>) {
  return Object.fromEntries(
    Object.entries(await checksOf(...given)).map(([check, { level }]) => [check, level]),
  );
}

const proved = ["images", "cooperbench", "route", "services", "oracle"];

test("all is well where what is there is what was proved", async () => {
  const { space: _, ...found } = await levels({});
  expect(Object.entries(found).filter(([, level]) => level !== "ok")).toEqual([]);
  expect(Object.keys(found)).toEqual(expect.arrayContaining(proved));
});

test.each<[string, Partial<Look>, readonly string[]]>([
  [
    "image",
    {
      engine: known({
        ...engineFacts(),
        images: [{ id: "sha256:newer", references: [task.image], digests: [], sizeBytes: 7 }],
      }),
    },
    ["images", "oracle"],
  ],
  ["commit of the checkout", { head: known("d".repeat(40)) }, ["cooperbench", "route", "services"]],
  ["folder", { wanted: { ...wanted, folder: "/elsewhere" } }, ["cooperbench", "route"]],
  ["engine", { wanted: { ...wanted, dockerHost: "unix:///other.sock" } }, ["images"]],
  ["Redis", { redis: known({ ...redisFacts, runId: "another" }) }, ["services"]],
  ["bytes of the .env", { dotenvBytes: { hash: "b", read: "b" } }, ["route"]],
  ["base URL in the settings", { wanted: { ...wanted, modelApiBase: "https://b.example/v2" } }, ["route"]],
])("a proof that is older than the %s is none of what is there", async (_, now, checks) => {
  const found = await levels(now);
  for (const check of proved) expect([check, found[check] !== "ok"]).toEqual([check, checks.includes(check)]);
});

test("while an update runs, what one would mend waits for that", async () => {
  const state = { proofs: new Map(), last: { kind: "update", result: "succeeded", endedAt: first } };
  const running = blocker("update", "an update is running", { advice: "wait" });
  const remediesOf = async (underway?: Finding) => {
    const { images, update } = await checksOf({}, {}, { state: { ...state, ...(underway && { underway }) } });
    return [images?.remedy, update?.remedy];
  };
  expect(await remediesOf()).toEqual(["Fix: ./machine up lab-1", undefined]);
  expect(await remediesOf(running)).toEqual(["Fix: wait until the update ends", "Fix: wait"]);
});

// A proof that failed leaves the one before in the state, whose request and triggers say what it was of.
test.each<[string, Readonly<Record<string, Command>>, readonly string[]]>([
  [
    "environment",
    { "cooperbench-venv": { result: { changed: later }, at: later } },
    ["cooperbench", "route", "services"],
  ],
])(
  "a proof that is older than the %s that the same update has made is none of it",
  async (_, inState, checks) => {
    const found = await levels({}, inState);
    expect(proved.filter((check) => found[check] !== "ok")).toEqual(checks);
  },
);

test.each<[string, Question, readonly string[]]>([
  ["files that a run reads", { dataset: { ...dataset, shape: "dataset b" } }, ["cooperbench"]],
  ["gold patch or the tests", { dataset: { ...dataset, hashOf: () => "sha256:others" } }, ["oracle"]],
  ["subset", { settings: { ...settings, subset: "flash" } }, ["cooperbench"]],
  ["choice of tasks", { settings: { ...settings, tasks: [task, otherTask] } }, ["images", "cooperbench"]],
  ["model", { settings: { ...settings, model: "cohere/command-r" } }, ["route"]],
  [
    "platform of the lock",
    { settings: { ...settings, tasks: [{ ...task, locked: { ...locked, platform: "linux/arm64" } }] } },
    ["images"],
  ],
])("a proof that is older than the %s is none of it", async (_, more, checks) => {
  const found = await levels({}, {}, more);
  expect(proved.filter((check) => found[check] !== "ok")).toEqual(checks);
});

test.each([
  [proofNames.route, "route"],
  [proofNames.cli, "cooperbench"],
  [proofNames.coop, "services"],
  [proofNames.image(task), "images"],
  [proofNames.oracle(task), "oracle"],
])(
  "a failure of %s since its proof is reported with its reason, until it is proved again",
  async (name, check) => {
    const failures = { [name]: { at: later, problem: "it is not so:\n  more" } };
    const last = { kind: "update", result: "failed", endedAt: later };
    const of = (inState: Readonly<Record<string, Command>>) =>
      checksOf({}, inState, {
        state: {
          proofs: proofsOf(inState),
          last,
          recorded: { ...noRecord, update: { startedAt: later, endedAt: later }, failures },
        },
      });
    const found = await of({});
    expect(proved.filter((one) => found[one]?.level !== "ok")).toEqual([check]);
    expect(found.update).toMatchObject({
      level: "warning",
      found: `the last update failed: ${name}: it is not so`,
    });
    const again = await of({ [name]: { ...(commands[name] as Command), at: "2026-01-03T00:00:00Z" } });
    expect(proved.filter((one) => again[one]?.level !== "ok")).toEqual([]);
  },
);

test("a reason is that of one update, and not of the next", async () => {
  const update = { startedAt: first, endedAt: first };
  const failures = { a: { at: first, problem: "b" } };
  const last = { kind: "update", result: "failed", endedAt: later };
  const found = await checksOf(
    {},
    {},
    { state: { proofs: proofsOf({}), last, recorded: { ...noRecord, update, failures } } },
  );
  expect(found.update).toMatchObject({
    found: "the last update failed",
    remedy: "Fix: to see why:\n  ./machine up lab-1",
  });
});

const seven = "2026-01-08T00:00:00Z";

test("a proof by the oracle grows old: a warning, which the oracle itself takes away", async () => {
  expect(await levels({}, {}, { now: new Date("2026-01-07T23:00:00Z") })).toMatchObject({ oracle: "ok" });
  const old = await checksOf({}, {}, { now: new Date(seven) });
  expect(old.oracle).toMatchObject({ level: "warning", found: expect.stringContaining("7 days old") });
  expect(
    await levels({}, {}, { now: new Date(seven), settings: { ...settings, proofMaxAgeDays: 8 } }),
  ).toMatchObject({ oracle: "ok" });
  const state = (oracle: Partial<ProofRecord["oracles"][string]>) => ({
    proofs: proofsOf({}),
    last: { kind: "update", result: "succeeded", endedAt: first },
    recorded: {
      ...noRecord,
      oracles: {
        x: {
          ...{ at: later, task: taskName(task), feature: 1, imageId, dataset: "sha256:patches" },
          ...{ goldSeconds: 1, controlSeconds: 1 },
          ...oracle,
        },
      },
    },
  });
  const since = (oracle: Parameters<typeof state>[0]) =>
    checksOf({}, {}, { now: new Date(seven), state: state(oracle) });
  expect((await since({})).oracle).toMatchObject({ level: "ok", provedAt: later });
  // Of another image, or of other patches, it says nothing.
  expect((await since({ imageId: "sha256:x" })).oracle).toMatchObject({ level: "warning", provedAt: first });
  expect((await since({ dataset: "sha256:x" })).oracle).toMatchObject({ level: "warning", provedAt: first });
  // One that failed counts more than the success before it, and than one of another feature.
  expect((await since({ problem: "the gold patch fails" })).oracle).toMatchObject({
    level: "blocker",
    found: expect.stringContaining("the gold patch fails"),
  });
  expect((await since({ feature: 2, problem: "the gold patch fails" })).oracle).toMatchObject({
    level: "blocker",
  });
});

test("what verify has found counts as what an update has", async () => {
  const image = {
    ...{ at: later, dockerHost: wanted.dockerHost, imageId, digest: `r@${digest}` },
    ...{ platform: "linux/amd64", commit: task.baseCommit, ...noted, wanted: wantedOf(task) },
  };
  const cooperbench = {
    ...{ at: later, folder: wanted.folder, commit, subset: "lite", tasks: [taskName(task)] },
    ...{ dataset: "dataset a", version: "0.0.29", pythonVersion: "3.12.1" },
  };
  const unproved = {
    [proofNames.image(task)]: { result: {} },
    [proofNames.cli]: { result: {}, triggers: [] },
  };
  const of = (recorded: Partial<ProofRecord>, inState = {}) =>
    checksOf({}, inState, {
      state: {
        proofs: proofsOf(inState),
        last: { kind: "update", result: "succeeded", endedAt: first },
        recorded: { ...noRecord, ...recorded },
      },
    });
  const name = taskName(task);
  expect((await of({}, unproved)).images?.level).toBe("blocker");
  expect(await of({ images: { [name]: image }, cooperbench }, unproved)).toMatchObject({
    images: { level: "ok", provedAt: later },
    cooperbench: { level: "ok", provedAt: later },
  });
  const bad = {
    images: { [name]: { ...image, problem: "no git" } },
    cooperbench: { ...cooperbench, problem: "no tasks" },
  };
  expect(await of(bad)).toMatchObject({
    images: { level: "blocker" },
    cooperbench: { level: "blocker", found: expect.stringContaining("no tasks") },
  });
  // Of another image, another lock and another commit it says nothing.
  const relocked = { [name]: { ...bad.images[name], wanted: "another lock" } as (typeof bad.images)[string] };
  expect(await of({ ...bad, images: relocked })).toMatchObject({ images: { level: "ok" } });
  const elsewhere = {
    images: { [name]: { ...bad.images[name], imageId: "sha256:x" } as (typeof bad.images)[string] },
    cooperbench: { ...bad.cooperbench, commit: "d".repeat(40) },
  };
  expect(await of(elsewhere)).toMatchObject({ images: { level: "ok" }, cooperbench: { level: "ok" } });
});
