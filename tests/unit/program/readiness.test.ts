import { expect, test } from "vitest";
import { type Machine, readiness } from "../../../program/readiness.ts";

const ready: Machine = {
  ...{ stack: "lab-1", folder: "/c", version: "0.0.29", commit: "c".repeat(40), subset: "lite" },
  ...{ verified: "26/26", oracle: "5/5", services: true, route: "https://a.example/v2/chat" },
  dockerHost: "unix:///d",
};

test("a machine is ready where all that its settings want is proved", () => {
  expect(readiness(ready)).toMatch(/^# CooperBench on this machine \(stack lab-1\)\n\n26\/26 images/);
  expect(readiness({ ...ready, oracle: null, services: null })).toMatch(/^# CooperBench on/);
});

test.each<[string, Partial<Machine>]>([
  ["25/26 images are verified", { verified: "25/26" }],
  ["the model's route is not proved", { route: undefined }],
  ["4/5 gold patches pass", { oracle: "4/5" }],
  ["the services of cooperating agents are not verified", { services: false }],
])("it is not ready first where %s", (what, more) => {
  expect(readiness({ ...ready, ...more })).toMatch(/^# Not ready \(stack lab-1\)\n/);
  expect(readiness({ ...ready, ...more })).toContain(`- ${what}`);
});
