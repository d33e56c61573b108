import { expect, test } from "vitest";
import { Course } from "../../../cli/course.ts";
import { isLocked, notBegun, pulumiFailed } from "../../../cli/told.ts";

const operation = { code: 255, isInterrupted: false, course: new Course(), log: undefined, isTold: true };

test("an operation that another was quicker than says so in plain words, without Pulumi's way to end that", () => {
  const said =
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.\n" +
    "  file:///s/.pulumi/locks/organization/p/mine/e7.json: created by ann@vm (pid 27921) at 2026-11-27T11:27:01Z";
  const locked = { ...operation, said };
  expect(isLocked(locked)).toBe(true);
  expect(pulumiFailed(locked)).toEqual([
    "another operation on the stack has begun just before: that of ann@vm, process 27921, since 2026-11-27T11:27:01Z",
  ]);
  expect(notBegun(locked)).toMatch(/^another operation .* is going on/);
});

test("what else keeps Pulumi from beginning is its own word", () => {
  const other = { ...operation, said: "error: no such file" };
  expect(pulumiFailed(other)).toEqual(["failed: no such file"]);
  expect(notBegun(other)).toBe("Pulumi did not begin");
});
