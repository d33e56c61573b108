import { existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { demoRunName, makeDemoRun, removeDemoRuns } from "../../../benchmark/demo-runs.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let logs: string;
beforeEach(() => {
  logs = join(temporaryFolder("demo-runs-"), "logs");
});

test("a run of the demo takes a name that is free, and what others have there stays", () => {
  mkdirSync(join(logs, "machine-demo-solo"), { recursive: true });
  writeFileSync(join(logs, "machine-demo-solo", "mine"), "");
  writeFileSync(join(logs, "machine-demo-solo-2"), "");
  const made = [makeDemoRun(logs, "solo"), makeDemoRun(logs, "coop")];
  expect(made).toEqual(["machine-demo-solo-3", "machine-demo-coop"]);
  for (const name of made) {
    expect(name).toMatch(demoRunName);
    writeFileSync(join(logs, name, "result.json"), "");
  }
  removeDemoRuns(logs, made);
  expect(readdirSync(logs)).toEqual(["machine-demo-solo", "machine-demo-solo-2"]);
  expect(readdirSync(join(logs, "machine-demo-solo"))).toEqual(["mine"]);
});

test("a folder of runs that is empty then goes, and a link to one stays", () => {
  removeDemoRuns(logs, [makeDemoRun(logs, "solo")]);
  expect(existsSync(logs)).toBe(false);
  symlinkSync(temporaryFolder("large-disk-"), logs);
  removeDemoRuns(logs, [makeDemoRun(logs, "solo")]);
  expect(lstatSync(logs).isSymbolicLink()).toBe(true);
  expect(readdirSync(logs)).toEqual([]);
});
