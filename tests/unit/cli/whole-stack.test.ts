import { expect, test } from "vitest";
import { isWhole } from "../../../cli/whole-stack.ts";

test.each([
  [[], true],
  [["--yes", "--skip-preview", "--parallel", "2"], true],
  [["--target", "urn:x"], false],
  [["--target=urn:x"], false],
  [["-t", "urn:x"], false],
  [["--target-dependents"], false],
  [["--exclude", "urn:x"], false],
  [["--preview-only"], false],
  [["--dry-run"], false],
])("a destroy with %j is of the whole stack: %j", (options, whole) => expect(isWhole(options)).toBe(whole));
