import fc from "fast-check";
import { expect, test } from "vitest";
import { printable } from "../../../lib/printable.ts";

test("a text is shown as it is, line ends too, and what a terminal acts on as an escape", () => {
  expect(printable("Größe 2\nпривет\t\u001b[2J\u009b\u007f\u202e\u{e0041}\ud800\r")).toBe(
    "Größe 2\nпривет\\u0009\\u001b[2J\\u009b\\u007f\\u202e\\udb40\\udc41\\ud800\\u000d",
  );
});

test("a JSON text says the same afterwards", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value, null, 2);
      expect(JSON.parse(printable(text))).toEqual(JSON.parse(text));
    }),
  );
});
