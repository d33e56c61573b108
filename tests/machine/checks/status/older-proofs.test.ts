import { expect, test } from "vitest";
import { proofNames } from "../../../../checks/status/names.ts";
import { type Proof, readProofs } from "../../../../checks/status/proofs.ts";
import { machineStatus } from "../../../../checks/status/status.ts";
import { known } from "../../../../lib/known.ts";
import { parseSettings } from "../../../../program/settings.ts";
import type { Look, Wanted } from "../../../../provision/look.ts";
import { configurationWith } from "../../../configuration.ts";
import { lab1 } from "../../../owners.ts";
import { engineFacts, lockedTasks } from "../../../unit/checks/doctor/facts.ts";

/** When each thing was made and proved, and when something came in between that no proof is of. */
const [first, later] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
const [task] = lockedTasks({}) as [ReturnType<typeof lockedTasks>[number]];
const { imageId = "", digest = "" } = task.locked ?? {};
const commit = "c".repeat(40);
const modelApiBase = "https://a.example/v2";
const settings = {
  ...parseSettings("lab-1", configurationWith({ smoke: 1, coop: true, modelApiBase })),
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
const look: Look = {
  wanted,
  engine: known({
    ...engineFacts(),
    images: [{ id: imageId, references: [task.image], digests: [], sizeBytes: 7 }],
  }),
  redis: known({
    dockerHost: wanted.dockerHost,
    owner: lab1,
    address: { host: "127.0.0.1", port: 6379 },
    container: undefined,
    answer: "+PONG",
  }),
  git: undefined,
  others: known([]),
  head: known(commit),
  otherSettings: known([]),
  dotenvBytes: { hash: "a", read: "a" },
  ...{ checkout: well, venv: well, dotenv: well, route: well, subset: well },
};

interface Command {
  readonly result: Readonly<Record<string, unknown>>;
  readonly request?: Readonly<Record<string, unknown>>;
  readonly triggers?: readonly string[];
  readonly at?: string;
}

/** What the state has where all was made, and then proved, and nothing has changed since. */
const commands: Readonly<Record<string, Command>> = {
  [proofNames.image(task)]: {
    result: {
      image: task.image,
      imageId,
      digest: `r@${digest}`,
      platform: "linux/amd64",
      commit: task.baseCommit,
    },
  },
  [proofNames.oracle(task)]: { result: { image: task.image, imageId, feature: 1 } },
  [proofNames.checkout]: { result: { folder: wanted.folder, commit } },
  "cooperbench-venv": { result: { changed: first } },
  [proofNames.cli]: {
    result: { version: "0.0.29", pythonVersion: "3.12.1" },
    triggers: [commit, first],
  },
  [proofNames.route]: {
    result: {},
    request: { modelApiBase, model: "cohere/command-a-03-2025" },
    triggers: [`${commit} ${first}`, ".env a"],
  },
  [proofNames.coop]: { result: {}, triggers: [`${commit} ${first}`] },
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
  return readProofs(JSON.stringify({ deployment: { resources } }));
}

/** The level of each check of a status. */
async function levels(now: Partial<Look>, inState: Readonly<Record<string, Command>> = {}) {
  const { checks } = await machineStatus({
    look: { ...look, ...now },
    settings,
    configuration: {},
    isRehearsal: false,
    startedBy: undefined,
    projectDir: "/nowhere",
    pieces: [],
    state: { proofs: proofsOf(inState), last: { kind: "update", result: "succeeded", endedAt: first } },
  });
  return Object.fromEntries(checks.map(({ check, level }) => [check, level]));
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
  ["commit of the checkout", { head: known("d".repeat(40)) }, ["cooperbench"]],
  ["bytes of the .env", { dotenvBytes: { hash: "b", read: "b" } }, ["route"]],
  ["base URL in the settings", { wanted: { ...wanted, modelApiBase: "https://b.example/v2" } }, ["route"]],
])("a proof that is older than the %s is none of what is there", async (_, now, checks) => {
  const found = await levels(now);
  for (const check of proved) expect([check, found[check] !== "ok"]).toEqual([check, checks.includes(check)]);
});

// Known to be missing: a proof that failed leaves the one before in the state, whose triggers tell what it was of. As soon
// as the status compares them, `fails` goes.
test.fails.each<[string, Readonly<Record<string, Command>>, readonly string[]]>([
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
