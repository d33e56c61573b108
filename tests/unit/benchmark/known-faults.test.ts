import { expect, test } from "vitest";
import { faultsInWords, faultsOf, knownFaults, newestVersion } from "../../../benchmark/known-faults.ts";

test("a version has the faults that later ones mended, and no other", () => {
  const mended = (version: string) => [...new Set(faultsOf(version).map(({ mendedIn }) => mendedIn))];
  expect(mended("0.0.22")).toEqual(["0.0.29", "0.0.28", "0.0.25", "0.0.24", "0.0.23"]);
  expect(mended("0.0.28")).toEqual(["0.0.29"]);
  expect(mended("0.0.9")).toContain("0.0.10");
  expect(mended("0.0")).toContain("0.0.3");
  expect(faultsInWords("0.0.28")).toMatch(
    /^CooperBench 0\.0\.28 has known faults: 24 of the 199 .* \(until 0\.0\.29\); /,
  );
});

test.each([newestVersion, "0.0.30", "0.1", "1.0.0rc1", undefined, "", "unknown", "main"])(
  "nothing is said of %s",
  (version) => expect(faultsInWords(version)).toBeUndefined(),
);

test("the newest come first", () => {
  const numbers = knownFaults.map(({ mendedIn }) => Number(mendedIn.replace("0.0.", "")));
  expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
});
