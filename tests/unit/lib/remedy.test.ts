import { expect, test } from "vitest";
import { forStack, machine, merged, remedyLine, remedyText } from "../../../lib/remedy.ts";

const look = { ...machine("verify", "STACK"), when: "to find the image" };
const wait = { advice: "wait, or name another STACK" };

test("commands that are told of STACK get the stack's name, in a text and in JSON; advice stays as it is", () => {
  const remedies = [
    { ...machine("set", "STACK", "dockerHost", "HOST"), when: "if you mean another" },
    wait,
  ] as const;
  expect(forStack(remedyText(remedies), "lab-1")).toBe(
    "Fix: if you mean another:\n  ./machine set lab-1 dockerHost HOST\nFix: wait, or name another STACK",
  );
  const named = [{ ...machine("set", "lab-1", "dockerHost", "HOST"), when: "if you mean another" }, wait];
  expect(JSON.parse(forStack(JSON.stringify(remedies, undefined, 2), "lab-1"))).toEqual(named);
});

test("what several things need is told once, in lines or in one", () => {
  const remedies = merged([[look, wait], wait]);
  expect(remedyText(remedies)).toBe(
    "Fix: to find the image:\n  ./machine verify STACK\nFix: wait, or name another STACK",
  );
  expect(remedyLine(remedies)).toBe(
    "Fix: to find the image: ./machine verify STACK; or wait, or name another STACK",
  );
});
