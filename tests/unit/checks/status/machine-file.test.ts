import { expect, test } from "vitest";
import type { ImageStatus } from "../../../../checks/status/images.ts";
import {
  decidingOnes,
  differences,
  type MachineFile,
  machineNow,
  readMachineFile,
} from "../../../../checks/status/machine-file.ts";
import type { MachineStatus } from "../../../../checks/status/status.ts";

const image: ImageStatus = {
  ...{ task: "a_task/1", reference: "a:1", state: "proved", isLocked: true, isOracleWanted: true },
  ...{ provedAt: "2026-01-01T00:00:00Z", imageId: "sha256:1", digest: "a@sha256:2", platform: "linux/amd64" },
  baseCommit: "b",
};
const status: MachineStatus = {
  ...{ stack: "lab-1", at: "2026-01-02T00:00:00Z", isRehearsal: false, isReady: true },
  commands: [],
  changedSources: [],
  checks: [{ check: "route", level: "ok", found: "", remedies: [], provedAt: "2026-01-01T00:00:00Z" }],
  images: [image],
  machine: { name: "m", system: "s", kernel: "k", cores: 2, memoryBytes: 8e9 },
  dockerHost: "unix:///d",
  versions: [
    { name: "CooperBench", version: "0.0.29", from: "" },
    { name: "Python", version: "3.12.1", from: "" },
    { name: "uv", version: "0.10.0", from: "" },
    { name: "cooperbench-machine", version: "abc", from: "its checkout, with changes" },
  ],
  model: "a/model",
  environment: { COHERE_API_KEY: "(secret)" },
  configuration: { subset: "lite" },
};
const more = { dataset: "sha256:3", lock: null, commit: "c", modelApiBase: "https://a.example/v2" };
const run = { setting: "solo", arguments: ["run", "-n", "solo"] };
const machine = machineNow(status, more, run);

const parts = (now: MachineFile) => differences(machine, now).map(({ part }) => part);
const deciding = (now: MachineFile) => decidingOnes(differences(machine, now)).map(({ part }) => part);

test("the file says what a run is started on, and when that was proved", () => {
  expect(machine).toMatchObject({
    run,
    images: { "a_task/1": { imageId: "sha256:1", digest: "a@sha256:2", baseCommit: "b", isLocked: true } },
    cooperbench: { version: "0.0.29", python: "3.12.1", commit: "c" },
    versions: { uv: "0.10.0", "cooperbench-machine": "abc with changes" },
    proved: { route: "2026-01-01T00:00:00Z", "image a_task/1": "2026-01-01T00:00:00Z" },
  });
  expect(readMachineFile(JSON.stringify(machine))).toEqual(machine);
});

test("a machine that was proved again is the same one", () => {
  const at = "2026-02-02T00:00:00Z";
  const again = { ...status, at, images: [{ ...image, provedAt: at }] };
  expect(parts(machineNow(again, more, { setting: "", arguments: [] }))).toEqual([]);
});

test("a run does not go on with another image, commit, Python, dataset or model", () => {
  expect(deciding(machineNow({ ...status, images: [{ ...image, imageId: "sha256:9" }] }, more, run))).toEqual(
    ["images a_task/1 imageId"],
  );
  expect(deciding(machineNow(status, { ...more, commit: "d", dataset: "sha256:4" }, run))).toEqual([
    "cooperbench commit",
    "dataset",
  ]);
  expect(deciding(machineNow({ ...status, model: "another" }, more, run))).toEqual(["model"]);
});

test("what else differs is told, and in nobody's way", () => {
  const now = machineNow(
    { ...status, versions: status.versions.slice(0, 2), configuration: { subset: "lite", oracleTasks: "5" } },
    { ...more, lock: "sha256:5" },
    run,
  );
  expect(parts(now)).toEqual(["lock", "versions uv", "versions cooperbench-machine", "settings oracleTasks"]);
  expect(deciding(now)).toEqual([]);
});

test("an image that is gone is not told by what was proved of it", () => {
  const now = machineNow({ ...status, images: [{ ...image, state: "missing" }] }, more, run);
  expect(differences(machine, now)).toContainEqual({
    part: "images a_task/1 imageId",
    was: "sha256:1",
    is: "nothing",
  });
  expect(JSON.stringify(now.images)).toContain("missing");
});

test.each(["", "{", "[]", "null", '{"format":2}'])("%j is no such file", (text) =>
  expect(readMachineFile(text)).toBeUndefined(),
);
