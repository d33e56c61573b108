import { lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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
  [folder, /it is a folder, not a file\nFix: /],
  ["/dev/null", /it is a device, not a file\nFix: /],
  [join(folder, "none", "x.html"), /its folder does not exist\nFix: /],
])("one that can not is refused before there is anything to write: %j", (file, told) => {
  expect(() => assertFile("--out", file)).toThrow(told);
});

test("a link stays one, and what it leads to is written; one that leads nowhere is refused, and stays", () => {
  const at = (name: string) => join(folder, name);
  const [place, link, lost, loop] = [at("place"), at("link"), at("lost"), at("loop")] as const;
  writeFileSync(place, "before");
  symlinkSync("place", link);
  symlinkSync("nowhere", lost);
  symlinkSync("loop", loop);
  writeFor("--out", link, "text");
  expect(readFileSync(place, "utf8")).toBe("text");
  for (const file of [lost, loop]) {
    expect(() => assertFile("--out", file)).toThrow(/it is a link that leads nowhere\nFix: /);
    expect(() => writeFor("--out", file, "text")).toThrow(/it is a link that leads nowhere\nFix: /);
  }
  expect([link, lost, loop].map((file) => lstatSync(file).isSymbolicLink())).toEqual([true, true, true]);
});

test.each(["/proc/x.html", "/dev/null/x.html"])("what fails only then is told by its name: %s", (file) => {
  expect(() => writeFor("--out", file, "text")).toThrow(/^--out ".*" cannot be written: .*\nFix: /);
});
