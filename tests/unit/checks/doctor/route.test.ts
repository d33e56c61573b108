import { expect, test } from "vitest";
import { routeFinding } from "../../../../checks/doctor/route.ts";
import { known } from "../../../../lib/known.ts";

test("what makes the proof of the route fail is in the way of an update, and what may is a warning", () => {
  const fault = { found: "X is overridden (exported)", remedies: { command: ["unset", "X"] } };
  expect(routeFinding(known({ ...fault, isSure: true }))).toMatchObject({
    level: "blocker",
    found: "X is overridden (exported): this makes the proof of the route fail",
    remedy: "Fix: unset X",
  });
  expect(routeFinding(known({ ...fault, isSure: false }))).toMatchObject({ level: "warning" });
  expect(routeFinding(known(undefined))).toMatchObject({ level: "ok" });
});
