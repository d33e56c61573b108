import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { assertFile, writeFor } from "../../../cli/write-out.ts";

const folder = mkdtempSync(join(tmpdir(), "write-out-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a file that can be written is", () => {
  const file = join(folder, "a report.html");
  assertFile("--out", file);
  writeFor("--out", file, "text");
  expect(readFileSync(file, "utf8")).toBe("text");
});

test.each([
  ["", /^--out "" cannot be written: it is empty\nFix: name another file: --out FILE$/],
  [folder, /it is a folder\nFix: /],
  [join(folder, "none", "x.html"), /its folder does not exist\nFix: /],
])("one that can not is refused before there is anything to write: %j", (file, told) => {
  expect(() => assertFile("--out", file)).toThrow(told);
});

test.each(["/proc/x.html", "/dev/null/x.html"])("what fails only then is told by its name: %s", (file) => {
  expect(() => writeFor("--out", file, "text")).toThrow(/^--out ".*" cannot be written: .*\nFix: /);
});
