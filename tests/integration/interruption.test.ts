import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
beforeAll(() => startRehearsal(lab.rehearsal, () => {}));
afterAll(() => lab.close());

test("an update that is interrupted leaves no container, and the next one completes it; so with verify", async () => {
  const stack = await lab.makeStack();
  const { child, ended } = lab.start("./machine", ["up", stack]);
  await new Promise<void>((resolve) => {
    let stdout = "";
    child.stdout.on("data", (text) => {
      stdout += text;
      if (/pulled and verified/.test(stdout)) resolve();
    });
  });
  child.kill("SIGINT");
  const { code, stdout } = await ended;
  expect(code).toBe(130);
  // The probe that was there is counted; not one line would be printed after all 26.
  expect(stdout).toMatch(/\b[1-9]\d?\/26 images verified/);
  // The official plugin ends the commands, and does not wait for what they have asked of the engine.
  await expect.poll(() => lab.containers(), { timeout: 20_000 }).toEqual([]);
  expect(existsSync(`${lab.checkout}.partial`)).toBe(false);

  const next = await lab.machine(["up", stack]);
  expect(next.stdout).toContain("26/26 images verified");
  expect(next.code).toBe(0);

  const verify = lab.start(process.execPath, ["cli/main.ts", "verify", stack]);
  await expect.poll(() => lab.containers(), { timeout: 20_000, interval: 10 }).not.toEqual([]);
  verify.child.kill("SIGINT");
  expect((await verify.ended).code).toBe(130);
  expect(await lab.containers()).toEqual([]);
});
