import { expect, test } from "vitest";
import { judgeGit } from "../../../../provision/engine/existing-git.ts";
import { ownerLabels } from "../../../../provision/engine/owned.ts";
import { lab1, lab2 } from "../../../owners.ts";

const container = { id: "c1", owner: lab1, running: true, state: "running", labels: ownerLabels(lab1) };
const nothing = { container: undefined, network: undefined, volume: undefined };

test("what is not there, or is the stack's, is its own to make or to mend", () => {
  const own = { container: "own", network: "own", volume: "own" };
  expect(judgeGit(lab1, nothing)).toEqual(own);
  const mine = { id: "n1", owner: lab1, labels: ownerLabels(lab1) };
  const made = ownerLabels(lab1);
  expect(judgeGit(lab1, { container, network: mine, volume: mine })).toEqual({
    ...own,
    labels: { container: made, network: made, volume: made },
  });
  const ended = { ...container, running: false, state: "exited with 137" };
  expect(judgeGit(lab1, { ...nothing, container: ended })).toEqual({
    ...own,
    finding: "it is exited with 137",
  });
});

test("what another has made is used, each thing by itself", () => {
  const foreign = { id: "n2", owner: undefined, labels: {} };
  expect(judgeGit(lab1, { ...nothing, network: foreign })).toEqual({
    container: "own",
    network: "foreign",
    volume: "own",
  });
  expect(
    judgeGit(lab2, {
      container,
      network: foreign,
      volume: { id: "v1", owner: lab1, labels: ownerLabels(lab1) },
    }),
  ).toEqual({
    container: "foreign",
    network: "foreign",
    volume: "foreign",
    identity: "c1",
    isShared: true,
  });
  expect(judgeGit(lab2, { ...nothing, container: { ...container, running: false } })).not.toHaveProperty(
    "finding",
  );
});

test("what is older than ids or than a new name keeps its labels, each thing by itself", () => {
  const older = { stack: "lab-1", id: undefined };
  const renamed = { stack: "lab-old", id: lab1.id };
  const facts = {
    container: { ...container, owner: older, labels: ownerLabels(older) },
    network: { id: "n1", owner: renamed, labels: { ...ownerLabels(renamed), "another.label": "1" } },
    volume: undefined,
  };
  expect(judgeGit(lab1, facts)).toEqual({
    container: "own",
    network: "own",
    volume: "own",
    labels: { container: ownerLabels(older), network: ownerLabels(renamed) },
  });
});

test("what a stack has left to others is theirs while the server runs", () => {
  const network = { id: "n1", owner: lab1, labels: ownerLabels(lab1) };
  const records = [container.id, network.id].map((thing) => ({
    volume: thing,
    kind: "left" as const,
    thing,
    owner: lab1,
  }));
  const facts = { network, volume: undefined, records };
  expect(judgeGit(lab1, { ...facts, container })).toMatchObject({ container: "foreign", network: "foreign" });
  const ended = { ...container, running: false };
  expect(judgeGit(lab1, { ...facts, container: ended })).toMatchObject({ container: "own", network: "own" });
});
