import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findState, stateFiles } from "../../cli/state-files.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import {
  expectNothingLeft,
  kill,
  lose,
  losses,
  randomOf,
  temporaryFiles,
  victims,
} from "../integration/kills.ts";
import { Lab } from "../integration/lab.ts";

/** The first seed; each kill has the next one. KILL_SEED repeats a run. */
const first = Number(process.env.KILL_SEED ?? randomInt(1_000_000));
/** How many of each; KILLS sets another number. */
const kills = Number(process.env.KILLS ?? 20);
const seeds = Array.from({ length: kills }, (_, index) => first + index);

const lab = new Lab();
let stack: string;
const run = (command: string) => lab.machine([command, stack], { TMPDIR: temporaryFiles(lab) });

beforeAll(async () => {
  console.log(`KILL_SEED=${first} KILLS=${kills}`);
  await startRehearsal(lab.rehearsal, () => {});
  const tasks = ["go_chi_task"];
  // Another stack uses the rehearsal: it stays when the first is destroyed.
  const other = await lab.makeStack({ tasks, cooperbenchDir: join(lab.folder, "repos", "other") });
  expect((await lab.machine(["up", other])).code).toBe(0);
  stack = await lab.makeStack({ tasks });
  expect((await run("up")).code).toBe(0);
});
afterAll(() => lab.close());

/** What a seed decides: what is killed, and after how many milliseconds. */
function planOf(seed: number, longestMs: number) {
  const random = randomOf(seed);
  const victim = victims[Math.floor(random() * victims.length)] ?? "pulumi";
  const afterMs = Math.round(random() * longestMs);
  const lost = losses.filter(() => random() < 0.5);
  return { victim, afterMs, lost: lost.length === 0 ? (["images"] as const) : lost };
}

test.each(seeds)("one more update is right after a kill of `up` (seed %d)", async (seed) => {
  const { victim, afterMs, lost } = planOf(seed, 12_000);
  await lose(lab, lost);
  const wasRunning = await kill(lab, ["up", stack], victim, afterMs);
  const told = `seed ${seed}: ${victim} after ${afterMs} ms, without ${lost.join(", ")}, ${wasRunning ? "running" : "ended"}`;
  console.log(told);
  const next = await run("up");
  expect(next.code, `${told}\n${next.stdout}${next.stderr}`).toBe(0);
  expect(next.stdout, told).toContain("3/3 images verified");
  await expectNothingLeft(lab, stack);
});

test.each(seeds)("one more destroy is right after a kill of `destroy` (seed %d)", async (seed) => {
  const { victim, afterMs } = planOf(seed, 3_000);
  const up = await run("up");
  expect(up.code, up.stdout + up.stderr).toBe(0);
  const wasRunning = await kill(lab, ["destroy", stack], victim, afterMs);
  const told = `seed ${seed}: ${victim} after ${afterMs} ms, ${wasRunning ? "running" : "ended"}`;
  console.log(told);
  const next = await run("destroy");
  expect(next.code, `${told}\n${next.stdout}${next.stderr}`).toBe(0);
  const files = stateFiles({ stack, projectDir: lab.folder, env: lab.env });
  expect(files && findState(files), told).toMatchObject({ kind: "whole", pending: [] });
  const { stdout } = await lab.machine(["pulumi", "stack", "export", "--stack", stack]);
  expect(JSON.parse(stdout).deployment.resources ?? [], told).toEqual([]);
  expect(existsSync(lab.checkout), told).toBe(false);
  await expectNothingLeft(lab, stack);
});
