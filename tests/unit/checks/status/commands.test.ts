import { expect, test } from "vitest";
import { commandProofs } from "../../../../checks/status/commands.ts";
import { noRecord } from "../../../../checks/status/record.ts";

const last = { kind: "update", result: "succeeded", endedAt: "2026-01-02T02:00:00Z" };
const verify = { at: "2026-01-02T01:00:00Z", isPassed: false, found: "24/26 images verified" };
const demo = { at: "2026-01-02T03:00:00Z", isPassed: true, found: "the demo passed" };
const recorded = { ...noRecord, commands: { verify, demo } };

test("what commands have found is told with its times, the newest first", () => {
  expect(commandProofs({ last, recorded })).toEqual([
    { command: "demo", ...demo },
    { command: "up", at: last.endedAt, isPassed: true, found: "the update succeeded" },
    { command: "verify", ...verify },
  ]);
});

test("of another operation than an update, and of nothing, nothing is told", () => {
  expect(commandProofs({ last: { ...last, kind: "destroy" } })).toEqual([]);
  expect(commandProofs({ last: { ...last, result: "failed" } })).toMatchObject([
    { command: "up", isPassed: false, found: "the update failed" },
  ]);
});
