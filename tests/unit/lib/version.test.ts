import { describe, expect, test } from "vitest";
import { isAtLeast } from "../../../lib/version.ts";

describe("isAtLeast", () => {
  test.each([
    ["v3.230.0", "3.230.0", true],
    ["3.229.9", "3.230.0", false],
    ["4.0.0", "3.230.0", true],
    ["go1.26.10", "1.26.6", true],
    ["go1.26", "1.26.6", false],
    ["", "1.0.0", false],
    ["none", "1.0.0", false],
  ])("%j is at least %j: %j", (version, minimum, expected) => {
    expect(isAtLeast(version, minimum)).toBe(expected);
  });
});
