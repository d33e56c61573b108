import { afterAll, beforeAll, expect, test } from "vitest";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { expectNothingLeft, kill, type Loss, lose, randomOf, temporaryFiles, type Victim } from "./kills.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
let stack: string;
const up = () => lab.machine(["up", stack], { TMPDIR: temporaryFiles(lab) });

beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {});
  stack = await lab.makeStack({ tasks: ["go_chi_task"] });
  expect((await up()).code).toBe(0);
});
afterAll(() => lab.close());

/** Milliseconds from Pulumi's first moment: by then it has its lock, and works on what is lost. */
const [earliest, latest] = [800, 3_500];

test.each<[number, Victim, readonly Loss[]]>([
  [1, "pulumi", ["images"]],
  [2, "plugin", ["images"]],
  [3, "everything", ["images", ".env"]],
  [4, "pulumi", ["environment"]],
  [5, "everything", ["images"]],
])("after a kill (seed %d, of %s, without %j) one more update is right", async (seed, victim, lost) => {
  await lose(lab, lost);
  const afterMs = Math.round(earliest + randomOf(seed)() * (latest - earliest));
  const wasRunning = await kill(lab, ["up", stack], victim, afterMs);
  const next = await up();
  const told = `killed after ${afterMs} ms, ${wasRunning ? "running" : "ended"}\n${next.stdout}${next.stderr}`;
  if (process.env.KILL_VERBOSE) console.log(told);
  expect(next.code, told).toBe(0);
  expect(next.stdout, told).toContain("3/3 images verified");
  await expectNothingLeft(lab, stack);
});
