import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasSettings } from "../../../../provision/ownership/settings-here.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

test("a stack surely exists where its settings file has its id", () => {
  const project = temporaryFolder("settings-here-");
  writeFileSync(join(project, "Pulumi.two.yaml"), "config:\n  cooperbench-machine:stackId: id-2\n");
  const has = (stack: string, id?: string) => hasSettings({ stack, id }, project);
  expect([has("two", "id-2"), has("two", "id-3"), has("two"), has("three", "id-2")]).toEqual([
    ...[true, false, false, false],
  ]);
});
