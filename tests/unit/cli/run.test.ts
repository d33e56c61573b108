import { expect, test, vi } from "vitest";
import { blocker } from "../../../checks/finding.ts";
import { assertThere, lookReady, plannedRun } from "../../../cli/run.ts";
import * as status from "../../../cli/status.ts";
import { machine } from "../../../lib/remedy.ts";
import { callerOf } from "../../caller.ts";
import { checksOf, machineStatusOf } from "../../machine-status.ts";

vi.mock("../../../cli/status.ts", { spy: true });

test("a machine that is not ready since the shell leads the update astray names the variable, not only the update", async () => {
  const failed = blocker("route", "calls go elsewhere", machine("up", "lab"));
  const exported = blocker("route", "X is overridden", { command: ["unset", "X"] });
  vi.mocked(status.lookAtStack).mockImplementation(async (_, environment) =>
    machineStatusOf({ isReady: false, checks: checksOf(environment === undefined ? exported : failed) }),
  );
  await expect(lookReady(callerOf("/nowhere", "lab"), {})).rejects.toThrow(/X is overridden\nFix: unset X$/);
});

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
    "the plan has no run named team\nFix: name one of these: --setting smoke, solo, coop, coop-silent",
  );
  expect(() => plannedRun({ name: "coop", setting: "solo" })).toThrow(
    /checked against the plan's run coop.*\nFix: /,
  );
});

test("a run is narrowed to what its subset has alone, and a mistyped task is asked back", () => {
  assertThere({ repo: "go_chi_task" }, "lite");
  assertThere({ repo: "go_chi_task", task: "27" }, "lite");
  expect(() => assertThere({ repo: "go_chi_taks", task: "27" }, "lite")).toThrow(
    "subset lite has no go_chi_taks/27 (did you mean go_chi_task/27?), so no run was started",
  );
  expect(() => assertThere({ repo: "dspy_taks" }, "lite")).toThrow("(did you mean dspy_task?)");
});
