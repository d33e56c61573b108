import fc from "fast-check";
import { expect, test } from "vitest";
import { combine, newFilePatch, replacementPatch } from "../../../rehearsal/patches.ts";

const file = ["a", "b", "c", "old 1", "d", "e", "f", "g", "h", "i", "old 2", "j", "k", "l"];

test("a new file's patch has git's form", () => {
  expect(newFilePatch("tests/x.sh", ["one", "two"])).toEqual([
    "diff --git a/tests/x.sh b/tests/x.sh",
    "new file mode 100644",
    "--- /dev/null",
    "+++ b/tests/x.sh",
    "@@ -0,0 +1,2 @@",
    "+one",
    "+two",
  ]);
});

test("a replacement has three lines of context on either side", () => {
  expect(replacementPatch("x", file, ["old 1"], ["new", "newer"])).toEqual([
    "diff --git a/x b/x",
    "--- a/x",
    "+++ b/x",
    "@@ -1,7 +1,8 @@",
    ...[" a", " b", " c", "-old 1", "+new", "+newer", " d", " e", " f"],
  ]);
});

test("lines that are not there, or have too little around them, are an error", () => {
  expect(() => replacementPatch("x", file, ["absent"], [])).toThrow(/x: the lines to replace.*absent/);
  expect(() => replacementPatch("x", file, ["a"], [])).toThrow(/x: the lines to replace/);
  expect(() => replacementPatch("x", file, ["l"], [])).toThrow(/x: the lines to replace/);
});

test("combined hunks carry the shift of those before them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9 }), (added) => {
      const first = replacementPatch("x", file, ["old 1"], new Array(added).fill("new"));
      const second = replacementPatch("x", file, ["old 2"], ["new"]);
      const hunks = combine([first, second]).filter((line) => line.startsWith("@@"));
      expect(hunks).toEqual([`@@ -1,7 +1,${6 + added} @@`, `@@ -8,7 +${8 + added - 1},7 @@`]);
    }),
  );
});
