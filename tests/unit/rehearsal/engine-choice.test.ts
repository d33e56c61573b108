import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { ENGINE_FILE, ENGINE_VARIABLE, engineOf, keepEngine } from "../../../rehearsal/engine-choice.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let dir: string;
beforeEach(() => {
  dir = temporaryFolder("engine-");
});

const ask = (engine: string) => vi.stubEnv(ENGINE_VARIABLE, engine);

test("a rehearsal has Debian's engine, unless another is asked for at its first start, and keeps it", () => {
  ask("");
  expect(engineOf(dir)).toBe("debian");
  ask("modern");
  expect(engineOf(dir)).toBe("modern");
  keepEngine(dir, "modern");
  ask("");
  expect(engineOf(dir)).toBe("modern");
});

test("another engine than the one whose data are there is refused, with what to do", () => {
  ask("modern");
  keepEngine(dir, engineOf(dir));
  ask("debian");
  expect(() => engineOf(dir)).toThrow(
    /has the engine modern, and COOPERBENCH_REHEARSAL_ENGINE asks for debian.*\nFix: unset .*\n[\s\S]*rehearsal remove/,
  );
});

test("a rehearsal that is older than the choice has Debian's", () => {
  writeFileSync(join(dir, "daemon.json"), "{}\n");
  ask("modern");
  expect(() => engineOf(dir)).toThrow(/has the engine debian/);
  rmSync(join(dir, "daemon.json"));
  writeFileSync(join(dir, ENGINE_FILE), "");
  expect(engineOf(dir)).toBe("modern");
});

test("an engine that nobody knows is refused, with those that are known", () => {
  ask("podman");
  expect(() => engineOf(dir)).toThrow(/is "podman", not one of debian, modern/);
});
