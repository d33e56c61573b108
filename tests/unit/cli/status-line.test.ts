import { expect, test } from "vitest";
import { recordedOutput } from "../../caller.ts";

function terminal(isTTY: boolean) {
  let now = 0;
  const { output, printed } = recordedOutput({ isTTY, columns: 20 }, {}, () => now);
  return {
    status: output.statusTerminal(),
    printed,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test("at a terminal the status is drawn again under each line, cut to the width, and gone at the end", () => {
  const { status, printed } = terminal(true);
  status.status("9/26 verified; pulling");
  expect(printed()).toBe("\r\u001b[K9/26 verified; pull");
  status.print(["created"]);
  expect(printed()).toBe("\r\u001b[Kcreated\n9/26 verified; pull");
  status.status("");
  expect(printed()).toBe("\r\u001b[K");
  status.print([]);
  expect(printed()).toBe("");
});

test("in a log the status is a line every 30 seconds", () => {
  const { status, printed, pass } = terminal(false);
  status.status("one");
  pass(29_999);
  status.status("two");
  status.print(["created"]);
  pass(1);
  status.status("three");
  status.status("");
  expect(printed()).toBe("one\ncreated\nthree\n");
});
