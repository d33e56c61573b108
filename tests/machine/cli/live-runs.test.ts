import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { assertNoRun, isRunGoing } from "../../../cli/live-runs.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

test("a run by a checkout's environment keeps a destroy from it, and no other run does", async () => {
  const [mine, other] = [temporaryFolder("live-run-"), temporaryFolder("live-run-")];
  const stack = { stack: "lab-1", dockerHost: `unix://${mine}/none.sock` };
  for (const folder of [mine, other]) {
    mkdirSync(join(folder, ".venv/bin"), { recursive: true });
    symlinkSync("/bin/sleep", join(folder, ".venv/bin/cooperbench"));
  }
  const run = spawn(join(other, ".venv/bin/cooperbench"), ["60"], { stdio: "ignore" });
  try {
    await assertNoRun(stack, mine);
    await expect(assertNoRun(stack, other)).rejects.toThrow(
      new RegExp(
        `process ${run.pid}.*Nothing was changed\\.\nFix: let it end\nFix: .*\n {2}kill ${run.pid}$`,
      ),
    );
  } finally {
    run.kill("SIGKILL");
  }
});

test("a run is known to go on by its name and its checkout's environment", async () => {
  const [mine, other] = [temporaryFolder("live-run-"), temporaryFolder("live-run-")];
  for (const folder of [mine, other]) {
    mkdirSync(join(folder, ".venv/bin"), { recursive: true });
    symlinkSync(process.execPath, join(folder, ".venv/bin/cooperbench"));
  }
  const args = ["-e", "setTimeout(() => {}, 60_000)", "--", "run", "-n", "night"];
  const run = spawn(join(mine, ".venv/bin/cooperbench"), args, { stdio: "ignore" });
  try {
    expect(await isRunGoing("night", mine)).toBe(true);
    expect(await isRunGoing("day", mine)).toBe(false);
    expect(await isRunGoing("night", other)).toBe(false);
  } finally {
    run.kill("SIGKILL");
  }
});
