import { expect, test } from "vitest";
import { planOptions } from "../../../cli/plan-options.ts";

test.each([
  [[], {}],
  [["lab-1"], { stack: "lab-1" }],
  [["lab-1", "--check", "night"], { stack: "lab-1", check: "night" }],
  [["--check", "night", "--json"], { check: "night", json: true }],
])("%j is understood", (args, options) => {
  expect(planOptions(args)).toMatchObject(options);
});

test.each([[["a", "b"]], [["--check"]], [["--json"]], [["--colour"]]])("%j is not understood", (args) => {
  expect(planOptions(args)).toBeUndefined();
});
