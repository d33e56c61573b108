import { describe, expect, test } from "vitest";
import type { StackRecord } from "../../../checks/status/identity.ts";
import { judge, notThere, type Verdict, type WhoseQuestion } from "../../../cli/whose.ts";
import { remedyText } from "../../../lib/remedy.ts";

const own = "11111111-1111-4111-8111-111111111111";
const other = "22222222-2222-4222-8222-222222222222";
const here = { host: "lab", folder: "/srv/machine" };
const there = { host: "lab", folder: "/home/a/machine" };

const question: WhoseQuestion = {
  stack: "lab-1",
  file: "/srv/machine/Pulumi.lab-1.yaml",
  id: own,
  isIdFree: false,
  record: { kind: "absent" },
  backend: "file:///state",
  stacks: ["dev", "two"],
  here,
  isElsewhere: false,
  things: [],
  copies: [],
};
const made = (identity?: { id?: string; host: string; folder: string }): StackRecord =>
  identity === undefined ? { kind: "made" } : { kind: "made", identity };
const empty = (wasUpdated: boolean): StackRecord => ({ kind: "empty", wasUpdated });
const marked = ["/srv/CooperBench was made by stack lab-1"];

/** A verdict in a word or two: what a row of the table expects. */
function inShort(verdict: Verdict): string {
  if (!verdict.ok) {
    const kinds = {
      "was made from": "elsewhere",
      "are another stack's": "mixed up",
      "in another backend, or": "other state",
    };
    const kind = Object.entries(kinds).find(([part]) => verdict.found.includes(part))?.[1];
    return `refused: ${kind ?? "copied"}`;
  }
  const note =
    verdict.note === undefined ? "goes on" : verdict.note.includes("last used from") ? "moved" : "older";
  return verdict.id === undefined ? note : `${note}, with the state's id`;
}

test.each<[string, Partial<WhoseQuestion>, string]>([
  ["a new stack", {}, "goes on"],
  ["a new stack whose state is made, and that was never up", { record: empty(false) }, "goes on"],
  ["its own stack", { record: made({ id: own, ...here }) }, "goes on"],
  ["a destroyed stack that has left a checkout", { record: empty(true), things: marked }, "goes on"],
  [
    "a stack that another project's folder has",
    { record: made({ id: own, ...there }), isElsewhere: true },
    "refused: elsewhere",
  ],
  [
    "a stack without an id that another folder has",
    { id: undefined, record: made(there), isElsewhere: true },
    "refused: elsewhere",
  ],
  ["a project's folder that was moved", { record: made({ id: own, ...there }) }, "moved"],
  [
    "a cloned machine, or a second control machine",
    { record: made({ id: own, host: "lab-b", folder: here.folder }) },
    "moved",
  ],
  ["a stack of a version without ids", { id: undefined, record: made() }, "older"],
  ["the same, cut off after it was given an id", { record: made() }, "older"],
  ["a stack that plain pulumi has updated without an id", { id: undefined, record: made(here) }, "older"],
  [
    "settings that have lost their id",
    { id: undefined, record: made({ id: own, ...here }) },
    "goes on, with the state's id",
  ],
  [
    "settings of another stack over those of one that is up",
    { id: other, record: made({ id: own, ...here }) },
    "refused: mixed up",
  ],
  [
    "the same, in a project's folder that was moved",
    { id: other, record: made({ id: own, ...there }) },
    "refused: mixed up",
  ],
  ["a copy of settings, for a stack that is not there", { copies: ["a"] }, "refused: copied"],
  [
    "a copy of settings, for a stack that was never up",
    { record: empty(false), copies: ["a"] },
    "refused: copied",
  ],
  ["a copy of settings, for a destroyed stack", { record: empty(true), copies: ["a"] }, "refused: copied"],
  [
    "a copy of settings, over those of a stack without an id",
    { record: made(), copies: ["a"] },
    "refused: copied",
  ],
  ["the settings that were copied", { record: made({ id: own, ...here }), copies: ["b"] }, "goes on"],
  ["a backend that lacks the stack whose things are here", { things: marked }, "refused: other state"],
  [
    "one where it was made, and never updated",
    { record: empty(false), things: marked },
    "refused: other state",
  ],
  [
    "a stack without an id that another backend knows",
    { id: undefined, things: marked },
    "refused: other state",
  ],
  [
    "a rehearsal that was made anew",
    { id: undefined, isIdFree: true, record: made({ id: own, ...here }) },
    "goes on, with the state's id",
  ],
  [
    "one that was started before, and nobody uses",
    { id: other, isIdFree: true, record: made({ id: own, ...here }) },
    "goes on, with the state's id",
  ],
  [
    "one that another stack uses by now",
    { id: other, record: made({ id: own, ...here }) },
    "refused: mixed up",
  ],
])("%s: %j → %s", (_, changed, expected) =>
  expect(inShort(judge({ ...question, ...changed }))).toBe(expected),
);

describe("a refusal", () => {
  const told = (changed: Partial<WhoseQuestion>) => {
    const verdict = judge({ ...question, ...changed });
    if (verdict.ok) throw new Error("it was not refused");
    return { found: verdict.found, remedy: remedyText(verdict.remedies) };
  };

  test("names the folder that has the stack, and both ways out", () => {
    const { found, remedy } = told({ record: made({ id: own, ...there }), isElsewhere: true });
    expect(found).toContain("made from /home/a/machine");
    expect(remedy).toMatch(/^ {2}cd \/home\/a\/machine$/m);
    expect(remedy).toMatch(/^ {2}\.\/machine new NAME$/m);
  });

  test("names the backend, the variable and what carries the id", () => {
    const { found, remedy } = told({ things: marked });
    expect(found).toMatch(/file:\/\/\/state.*\/srv\/CooperBench was made by stack lab-1.*was copied/);
    expect(remedy).toMatch(/^ {2}export PULUMI_BACKEND_URL=URL$/m);
  });

  test("of a stack that is nowhere names the others", () => {
    expect(notThere(question)).toMatchObject({
      found: "stack lab-1 is not in the backend file:///state, which has dev, two",
    });
    expect(notThere({ ...question, stacks: undefined })).toMatchObject({
      found: "stack lab-1 is not in the backend file:///state",
    });
  });
});
