import { expect, test } from "vitest";
import { driftOf } from "../../../checks/drift.ts";
import { known } from "../../../lib/known.ts";
import type { Look, Wanted } from "../../../provision/look.ts";
import { lab1 } from "../../owners.ts";
import { engineFacts } from "./doctor/facts.ts";

const wanted: Wanted = {
  owner: lab1,
  dockerHost: "unix:///run/docker.sock",
  redis: { host: "127.0.0.1", port: 6379 },
  git: true,
  folder: "/srv/CooperBench",
  pythonVersion: "3.12",
  modelApiBase: "https://a.example/v2",
  cohereApiKey: "canary",
  smoke: [],
};
const well = known(undefined);
const look: Look = {
  wanted,
  engine: known(engineFacts()),
  redis: undefined,
  git: undefined,
  others: known([]),
  head: known("c".repeat(40)),
  headOfUsers: known(undefined),
  checkout: well,
  venv: well,
  dotenv: well,
  dotenvBytes: undefined,
  otherSettings: known([]),
  refused: known([]),
  route: well,
  subset: well,
};

test("a machine on which nothing is wrong has no drift", () => {
  const { see, gitImageFinding: _, findings, unknown, ...there } = driftOf(look, "r1");
  expect(Object.values(findings).filter((finding) => finding !== undefined)).toEqual([]);
  expect(unknown).toEqual([]);
  expect(there).toEqual({
    capacity: { cpus: 2, memoryBytes: 8e9 },
    redis: undefined,
    git: undefined,
  });
});

test("what is wrong is a finding of its own part alone", () => {
  const { findings } = driftOf({ ...look, venv: known("it is missing") }, "r1");
  expect(findings).toEqual({ venv: "it is missing (repair r1)" });
});

test("other lines of a .env that have changed since it was written are asked about anew, unless that is not known", () => {
  const changed = { hash: "b", read: "a", written: "b" };
  expect(driftOf({ ...look, dotenvBytes: changed }, "r1").findings).toEqual({
    dotenv: "its other lines have changed since the update wrote it (repair r1)",
  });
  expect(driftOf({ ...look, dotenvBytes: changed }, "r1").dotenvHash).toBe("b");
  for (const dotenvBytes of [{ hash: "a", read: "a" }, { hash: "a" }, undefined])
    expect(driftOf({ ...look, dotenvBytes }, "r1").findings.dotenv).toBeUndefined();
  const unknown = { unknown: "it is another's" };
  expect(driftOf({ ...look, dotenv: unknown, dotenvBytes: changed }, "r1").findings.dotenv).toBeUndefined();
});

test("an engine that does not answer is not one that has nothing", () => {
  const unknown = { unknown: "no answer in 10 s" };
  const drift = driftOf({ ...look, engine: unknown, redis: unknown, git: unknown }, "r1");
  expect(drift.see({ image: "a:1" })).toEqual({ isThere: false });
  expect(drift.gitImageFinding).toBeUndefined();
  expect(drift.capacity).toBeUndefined();
  expect(drift.redis).toEqual({ kind: "own", labels: "unknown" });
  expect(drift.git).toMatchObject({ labels: "unknown" });
  expect(drift.git).not.toHaveProperty("finding");
  expect(drift.unknown).toEqual([
    expect.stringMatching(/engine at unix:\/\/\/run\/docker\.sock does not answer \(no answer in 10 s\)/),
  ]);
});

test("what cannot be looked at is no finding, and named", () => {
  const drift = driftOf({ ...look, dotenv: { unknown: "EACCES: permission denied" } }, "r1");
  expect(drift.findings).toEqual({});
  expect(drift.unknown).toEqual([expect.stringMatching(/^the dotenv .*EACCES/)]);
});
