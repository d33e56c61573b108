import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { noRecord } from "../../../checks/status/record.ts";
import {
  forgetProofs,
  type OracleFeature,
  readProofRecord,
  recordCommand,
  recordOracles,
  recordProofs,
} from "../../../cli/proof-record.ts";
import { datasetHash, taskFolder } from "../../../provision/steps/task-dataset.ts";
import { recordedOutput } from "../../caller.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let home: string;
let checkout: string;
const key = "key-that-an-api-says-again";
beforeEach(() => {
  home = temporaryFolder("proofs-");
  checkout = join(home, "CooperBench");
  const feature = join(checkout, "dataset", "a_task", "task1", "feature2");
  mkdirSync(feature, { recursive: true });
  writeFileSync(join(feature, "tests.patch"), "tests");
  writeFileSync(join(checkout, ".env"), `COHERE_API_KEY=${key}\n`);
});

const id = "11111111-1111-4111-8111-111111111111";
const folder = () => join(home, "cooperbench-machine", "proofs");
function place(more: { stack?: string; stackId?: string; backend?: string; home?: string } = {}) {
  const { output, noted } = recordedOutput();
  const env = {
    XDG_DATA_HOME: more.home ?? home,
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: more.backend ?? "file:///a",
  };
  const configuration = { stackId: more.stackId ?? id };
  return { stack: more.stack ?? "lab-1", configuration, env, output, noted };
}
const update = { startedAt: "2026-01-01T00:00:00Z", endedAt: "2026-01-01T00:00:01Z" };
const withUpdate = (record: typeof noRecord) => ({ ...record, update });

test("what is recorded is read again, of that stack alone, by its owner alone", () => {
  recordProofs(place(), withUpdate);
  expect(readProofRecord(place())).toEqual({ ...noRecord, update });
  const [name = ""] = readdirSync(folder());
  expect(statSync(join(folder(), name)).mode & 0o777).toBe(0o600);
  expect(statSync(folder()).mode & 0o777).toBe(0o700);
  // A stack that was renamed is the same one; one without an id is its backend's.
  expect(readProofRecord(place({ stack: "lab-2" }))).toEqual({ ...noRecord, update });
  recordProofs(place({ stackId: "" }), withUpdate);
  expect(readProofRecord(place({ stackId: "" }))).toEqual({ ...noRecord, update });
  for (const other of [
    { stackId: "", backend: "file:///b" },
    { stackId: "", stack: "lab-2" },
  ])
    expect(readProofRecord(place(other))).toEqual(noRecord);
  forgetProofs(place());
  expect(readProofRecord(place())).toEqual(noRecord);
});

test.each(["", "{", "[]", '{"images":7}'])(
  "a record that is %j says nothing, and is written anew",
  (text) => {
    recordProofs(place(), withUpdate);
    writeFileSync(join(folder(), readdirSync(folder())[0] ?? ""), text);
    expect(readProofRecord(place())).toEqual(noRecord);
    recordProofs(place(), withUpdate);
    expect(readProofRecord(place()).update).toEqual(update);
  },
);

test("where nothing can be written, the command goes on, and says so", () => {
  const file = join(home, "file");
  writeFileSync(file, "");
  const where = place({ home: file });
  recordProofs(where, withUpdate);
  expect(where.noted()).toContain("the result could not be recorded: ");
});

test("an oracle is recorded with its image and what it ran; one that ran nothing is not", () => {
  const checks = { gold: { seconds: 2 }, control: { seconds: 1 } };
  const passed: OracleFeature = { task: "a_task/1", feature: 2, ok: true, imageId: "sha256:1", checks };
  const bad = { ...checks, gold: { seconds: 2, problem: `it ends with 1: ${key}` } };
  recordOracles(place(), checkout, [
    passed,
    { ...passed, feature: 3, ok: false, checks: bad },
    { task: "a_task/1", feature: 4, ok: false, checks: bad },
  ]);
  const { oracles } = readProofRecord(place());
  expect(Object.keys(oracles)).toEqual(["a_task/1 2", "a_task/1 3"]);
  const of = taskFolder(checkout, { repo: "a_task", taskId: 1 });
  expect(oracles["a_task/1 2"]).toMatchObject({
    ...{ imageId: "sha256:1", dataset: datasetHash(of, 2), goldSeconds: 2, controlSeconds: 1 },
  });
  expect(oracles["a_task/1 3"]?.problem).toBe("it ends with 1: [key]");
  expect(readFileSync(join(folder(), `${id}.json`), "utf8")).not.toContain(key);
  // What was recorded of others stays.
  recordOracles(place(), checkout, [{ ...passed, feature: 3 }]);
  expect(Object.values(readProofRecord(place()).oracles).map(({ problem }) => problem)).toEqual([
    undefined,
    undefined,
  ]);
});

test("of each command its last verdict is recorded", () => {
  const verdict = { text: "26/26 images verified" };
  recordCommand(place(), "verify", { ...verdict, outcome: "notReady" });
  recordCommand(place(), "demo", { ...verdict, outcome: "failed", text: "the demo did not pass" });
  recordCommand(place(), "verify", { ...verdict, outcome: "rehearsed" });
  const { verify, demo, oracle } = readProofRecord(place()).commands;
  expect(verify).toEqual({ at: expect.stringMatching(/Z$/), isPassed: true, found: verdict.text });
  expect([demo?.isPassed, oracle]).toEqual([false, undefined]);
});
