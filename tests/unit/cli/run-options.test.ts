import { expect, test } from "vitest";
import { plannedRun } from "../../../cli/run.ts";
import { runOptions } from "../../../cli/run-options.ts";

test.each([
  ["lab-1 -n smoke", { name: "smoke", setting: undefined, narrowed: [] }],
  ["lab-1 --name night --setting coop", { name: "night", setting: "coop" }],
  ["lab-1 -n a -r go_chi_task", { narrowed: ["-r", "go_chi_task"] }],
  ["lab-1 -n a -r go_chi_task -t 27", { narrowed: ["-r", "go_chi_task", "-t", "27"] }],
])("%s is understood", (line, options) =>
  expect(runOptions(line.split(" "))).toMatchObject({ stack: "lab-1", ...options }),
);

test.each([
  ["no stack, since a run costs money", "-n smoke"],
  ["no name", "lab-1"],
  ["a name that is no folder's", "lab-1 -n ../x"],
  ["a hidden one", "lab-1 -n .x"],
  ["a task without its repository", "lab-1 -n a -t 27"],
  ["a task that is no number", "lab-1 -n a -r go_chi_task -t x"],
])("%s is not understood", (_, line) => expect(runOptions(line.split(" "))).toBeUndefined());

test.each([
  ["smoke", undefined, "smoke"],
  ["coop-silent", undefined, "coop-silent"],
  ["night", undefined, "solo"],
  ["night", "coop", "coop"],
  ["coop", "coop", "coop"],
])("a run %s with the setting %s is the plan's %s", (name, setting, which) =>
  expect(plannedRun({ name, setting })).toBe(which),
);

test("a setting that the plan does not have, and one of another name of the plan, are refused by name", () => {
  expect(() => plannedRun({ name: "a", setting: "team" })).toThrow(
    "got --setting team, want one of smoke, solo, coop, coop-silent",
  );
  expect(() => plannedRun({ name: "coop", setting: "solo" })).toThrow(
    /held against the plan's run coop.*\nFix: /,
  );
});
