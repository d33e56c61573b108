import { expect, test } from "vitest";
import { runOptions } from "../../../cli/run-options.ts";

test.each([
  ["lab-1 -n smoke", { name: "smoke", which: "smoke", narrowed: [] }],
  ["lab-1 -n coop-silent", { name: "coop-silent", which: "coop-silent" }],
  ["lab-1 -n night", { name: "night", which: "solo" }],
  ["lab-1 --name night --setting coop", { name: "night", which: "coop" }],
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
  ["another setting than the plan's of that name", "lab-1 -n coop --setting solo"],
  ["no setting of the plan", "lab-1 -n a --setting team"],
  ["a task without its repository", "lab-1 -n a -t 27"],
  ["a task that is no number", "lab-1 -n a -r go_chi_task -t x"],
])("%s is not understood", (_, line) => expect(runOptions(line.split(" "))).toBeUndefined());
