import { expect, test } from "vitest";
import { machine, remedyText } from "../../../lib/remedy.ts";
import { recordedOutput } from "../../caller.ts";

test("what is printed names the stack that a command is about, as soon as that is known", () => {
  const { output, printed, noted } = recordedOutput();
  const fix = `${remedyText(machine("up", "STACK"))}\n`;
  output.print(fix);
  output.stack = "lab-1";
  output.print(fix);
  output.say("nothing was changed\nFix: ./machine destroy STACK");
  expect(printed()).toBe("Fix: ./machine up STACK\nFix: ./machine up lab-1\n");
  expect(noted()).toBe("machine: nothing was changed\nFix: ./machine destroy lab-1\n");
});
