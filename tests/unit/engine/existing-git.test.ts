import { expect, test } from "vitest";
import { judgeGit } from "../../../engine/existing-git.ts";
import { lab1, lab2 } from "../../owners.ts";

const container = { owner: lab1, running: true, state: "running", labels: {} };
const nothing = { container: undefined, network: undefined, volume: undefined };

test("what is not there, or is the stack's, is its own to make or to mend", () => {
  const own = { container: "own", network: "own", volume: "own" };
  expect(judgeGit(lab1, nothing)).toEqual(own);
  const mine = { owner: lab1 };
  expect(judgeGit(lab1, { container, network: mine, volume: mine })).toEqual(own);
  const ended = { ...container, running: false, state: "exited with 137" };
  expect(judgeGit(lab1, { ...nothing, container: ended })).toEqual({
    ...own,
    finding: "it is exited with 137",
  });
});

test("what another has made is used, each thing by itself", () => {
  const foreign = { owner: undefined };
  expect(judgeGit(lab1, { ...nothing, network: foreign })).toEqual({
    container: "own",
    network: "foreign",
    volume: "own",
  });
  expect(judgeGit(lab2, { container, network: foreign, volume: { owner: lab1 } })).toEqual({
    container: "foreign",
    network: "foreign",
    volume: "foreign",
  });
  expect(judgeGit(lab2, { ...nothing, container: { ...container, running: false } })).not.toHaveProperty(
    "finding",
  );
});
