import { expect, test } from "vitest";
import { newOptions } from "../../../cli/new-options.ts";
import { rehearsalOptions } from "../../../cli/rehearsal-options.ts";

test.each([
  [["lab"], { stack: "lab" }],
  [["lab", "--key-file", "k"], { stack: "lab", keyFile: "k" }],
  [["lab", "--key-file=k"], { stack: "lab", keyFile: "k" }],
  [["lab", "--rehearsal"], { stack: "lab", rehearsal: {} }],
  [["lab", "--rehearsal", "/r"], { stack: "lab", rehearsal: { folder: "/r" } }],
  [["lab", "--rehearsal", "--key-file", "k"], { stack: "lab", rehearsal: {}, keyFile: "k" }],
  [["lab", "--key-file", "k", "--rehearsal=/r"], { stack: "lab", keyFile: "k", rehearsal: { folder: "/r" } }],
  [[], undefined],
  [["--rehearsal"], undefined],
  [["lab", "--key-file"], undefined],
  [["lab", "--key-file="], undefined],
  [["lab", "more"], undefined],
  [["lab", "--other"], undefined],
])("new %j is understood as %j", (args, options) => expect(newOptions(args)).toEqual(options));

test.each([
  [["start"], { verb: "start", force: false }],
  [["stop", "/r", "--force"], { verb: "stop", folder: "/r", force: true }],
  [["status", "/r"], { verb: "status", folder: "/r", force: false }],
  [["status", "--force"], undefined],
  [["remove"], undefined],
  [["stop", "/r", "/s"], undefined],
])("rehearsal %j is understood as %j", (args, options) => expect(rehearsalOptions(args)).toEqual(options));
