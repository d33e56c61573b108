import { expect, test } from "vitest";
import { parseReference } from "../../../lib/reference.ts";

test.each([
  ["akhatua/cooperbench-go-chi:task26", "akhatua/cooperbench-go-chi", "task26"],
  ["akhatua/cooperbench-go-chi", "akhatua/cooperbench-go-chi", undefined],
  ["busybox", "library/busybox", undefined],
  ["redis:alpine", "library/redis", "alpine"],
  ["host:5000/name", "host:5000/name", undefined],
  ["host:5000/name:1", "host:5000/name", "1"],
])("%s is repository %s, tag %s", (reference, repository, tag) => {
  expect(parseReference(reference)).toEqual({ repository, tag });
});
