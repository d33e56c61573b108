import { expect, test } from "vitest";
import { cleanOptions } from "../../../cli/clean-options.ts";

test.each([
  [[], { stack: undefined, yes: false, json: false }],
  [["lab-1", "--yes"], { stack: "lab-1", yes: true, json: false }],
  [["-y", "--json"], { stack: undefined, yes: true, json: true }],
  [["lab-1", "lab-2"], undefined],
  [["--force"], undefined],
])("clean %j", (args, expected) => expect(cleanOptions(args)).toEqual(expected));
