import { expect, test } from "vitest";
import { blocker } from "../../../checks/finding.ts";
import type { StatusCheck } from "../../../checks/status/checks.ts";
import { verdictOf } from "../../../cli/status.ts";
import { machine } from "../../../lib/remedy.ts";
import { checksOf, machineStatusOf } from "../../machine-status.ts";

const nextWith = (...checks: readonly StatusCheck[]) =>
  verdictOf(machineStatusOf({ checks: checksOf(...checks) })).next;

test("what comes next is an update, or what is to be done before one", () => {
  expect(nextWith()).toEqual(machine("plan", "lab-1"));
  const images = blocker("images", "missing", machine("up", "lab-1"));
  expect(nextWith(images)).toEqual(machine("up", "lab-1"));
  const running = blocker("update", "an update is running", { ...machine("status", "lab-1"), when: "wait" });
  expect(nextWith(images, running)).toMatchObject(machine("status", "lab-1"));
});
