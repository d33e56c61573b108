import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
beforeAll(() => startRehearsal(lab.rehearsal, () => {}));
afterAll(() => lab.close());

test("an update that is interrupted ends by itself, leaves no container, and the next one completes it", async () => {
  const stack = await lab.makeStack();
  const { child, ended } = lab.start("./machine", ["up", stack]);
  await new Promise<void>((resolve) => {
    let stdout = "";
    child.stdout.on("data", (text) => {
      stdout += text;
      if (/-probe created/.test(stdout)) resolve();
    });
  });
  child.kill("SIGINT");
  const { code, stdout } = await ended;
  expect(code).not.toBe(0);
  expect(stdout).toMatch(/\d+\/26 images verified/);
  // What the engine was asked to remove as the update ended can take it a moment.
  await expect.poll(() => lab.containers(), { timeout: 5000 }).toEqual([]);
  expect(existsSync(`${lab.checkout}.partial`)).toBe(false);

  const next = await lab.machine(["up", stack]);
  expect(next.stdout).toContain("26/26 images verified");
  expect(next.code).toBe(0);
});
