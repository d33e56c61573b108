import { expect, test } from "vitest";
import { forStack, machine, merged, remedyLine, remedyText, textForStack } from "../../../lib/remedy.ts";

const look = { ...machine("verify", "STACK"), when: "to find the image" };
const wait = { advice: "wait, or name another STACK" };

test("a command that is told of STACK gets the stack's name, and advice stays as it is", () => {
  expect(forStack(look, "lab-1")).toEqual({ ...machine("verify", "lab-1"), when: "to find the image" });
  expect(forStack(look, undefined)).toEqual(look);
  expect(forStack(wait, "lab-1")).toEqual(wait);
});

test("so do commands in a text", () => {
  const text = remedyText([
    { ...machine("set", "STACK", "dockerHost", "HOST"), when: "if you mean another" },
    wait,
  ]);
  expect(textForStack(text, "lab-1")).toBe(
    "Fix: if you mean another:\n  ./machine set lab-1 dockerHost HOST\nFix: wait, or name another STACK",
  );
  expect(textForStack(text, undefined)).toBe(text);
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
