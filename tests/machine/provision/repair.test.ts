import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endRepair, findingOf, nextRepair } from "../../../provision/repair.ts";
import { lab1, lab2 } from "../../owners.ts";

let folder: string;
let env: { XDG_DATA_HOME: string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "repair-test-"));
  env = { XDG_DATA_HOME: folder };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lost = (repair: string) => findingOf(repair, "it is missing");

test("a finding is the same in each look until it was put right, and another afterwards", () => {
  const first = nextRepair(lab1, env);
  expect(lost(nextRepair(lab1, env))).toBe(lost(first));
  endRepair(lab1, lost(first), env);
  expect(lost(nextRepair(lab1, env))).not.toBe(lost(first));
});

test("what runs again with a finding of long ago ends no repair", () => {
  const first = nextRepair(lab1, env);
  endRepair(lab1, lost(first), env);
  const second = nextRepair(lab1, env);
  for (const finding of [lost(first), "it is missing (seen 2026-11-01T00:00:00Z)"])
    endRepair(lab1, finding, env);
  expect(nextRepair(lab1, env)).toBe(second);
});

test("a stack's are its own, and nothing is left of one that has ended", () => {
  const [first, second] = [nextRepair(lab1, env), nextRepair(lab2, env)];
  expect(first).not.toBe(second);
  endRepair(lab1, undefined, env);
  expect(nextRepair(lab2, env)).toBe(second);
  endRepair(lab2, undefined, env);
  expect(readdirSync(join(folder, "cooperbench-machine/repairs"))).toEqual([]);
});

test("a file that is lost, or damaged, is another repair, never one that was", () => {
  const first = nextRepair(lab1, env);
  const file = join(folder, "cooperbench-machine/repairs", lab1.id ?? "");
  rmSync(file);
  const second = nextRepair(lab1, env);
  expect(second).not.toBe(first);
  writeFileSync(file, second.slice(0, 3));
  expect([first, second, second.slice(0, 3)]).not.toContain(nextRepair(lab1, env));
});

test("where no file can be written, each process has another, and a step ends it without a word", () => {
  const nowhere = { XDG_DATA_HOME: "/dev/null" };
  expect(nextRepair(lab1, nowhere)).toMatch(/^[0-9a-f]{8}$/);
  endRepair(lab1, lost(nextRepair(lab1, nowhere)), nowhere);
});
