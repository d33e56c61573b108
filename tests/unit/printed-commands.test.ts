import { expect, test } from "vitest";
import { warning } from "../../checks/finding.ts";
import { findingLines, oneLine } from "../../cli/findings.ts";
import { machine } from "../../lib/remedy.ts";
import { commandsIn, misunderstood } from "../printed-commands.ts";

const finding = warning("a", "it is so", [
  machine("lock", "lab"),
  { ...machine("set", "lab", "tasks", "it's"), when: "to narrow it" },
  { advice: "do without" },
  { command: ["git", "status"] },
]);
const ours = ["./machine lock lab", "./machine set lab tasks 'it'\\''s'"];

test("commands of ours are found in every form in which they are printed", () => {
  expect(commandsIn(findingLines([finding], false).join("\n"))).toEqual(ours);
  expect(commandsIn(oneLine(finding))).toEqual(ours);
  expect(commandsIn("Done: it is\nNext: ./machine list\n")).toEqual(["./machine list"]);
  expect(
    commandsIn(JSON.stringify({ checks: [{ ...finding, remedy: "Fix: ./machine up lab" }] }, undefined, 2)),
  ).toEqual(["./machine up lab"]);
});

test("those that the command line does not take are told", async () => {
  expect(await misunderstood(ours)).toEqual([]);
  expect(await misunderstood(["./machine exec true", "./machine up --help"])).toEqual([]);
  expect(await misunderstood(["./machine lokc lab", "./machine oracle lab --al"])).toEqual([
    expect.stringMatching(/^\.\/machine lokc lab: unknown command/),
    expect.stringMatching(/^\.\/machine oracle lab --al: unknown option/),
  ]);
});
