import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { askKey } from "../../../cli/model-key.ts";

test.each([
  ["a line", "key \r", "key"],
  ["Ctrl-C", "ke\u0003", undefined],
  ["Ctrl-D", "\u0004", ""],
])("the question for a key is ended by %s", async (_, typed, answer) => {
  const input = new PassThrough();
  const asked = askKey({ note: () => {} }, input);
  input.write(typed);
  expect(await asked).toBe(answer);
});
