import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { endEngine, startEngine } from "../../rehearsal/engine.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { findTools } from "../../rehearsal/tools.ts";
import { run } from "./command.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
const data = join(lab.rehearsal.dir, "data");

beforeAll(async () => {
  // Three images of 6 MB: what is downloaded has room, what is unpacked beside it has not.
  await startRehearsal(lab.rehearsal, () => {}, { payloadBytes: 6_000_000 });
  await endEngine(lab.rehearsal.dir);
  await run(["mount", "-t", "tmpfs", "-o", "size=25m", "tmpfs", data]);
  await startEngine(
    lab.rehearsal.dir,
    Number(new URL(lab.rehearsal.registryUrl() ?? "").port),
    await findTools(() => {}),
  );
});
afterAll(() => lab.close());

test("a full disk is told with what to free, and the update after that succeeds, with nothing lost", async () => {
  const stack = await lab.makeStack({ tasks: ["go_chi_task"] });
  const first = await lab.machine(["up", stack]);
  expect(first.code).not.toBe(0);
  expect(first.stdout, first.stderr).toMatch(
    /failed: go_chi_task\/\d+.*: akhatua\/cooperbench-go-chi:task\d+ could not be pulled: no space left on the engine's disk \(.*\)\n *Fix: [\s\S]*docker system df/,
  );
  const pulled = await lab.references();

  await run(["mount", "-o", "remount,size=200m", data]);
  const second = await lab.machine(["up", stack]);
  expect(second.stdout).toContain("3/3 images verified");
  expect(second.code).toBe(0);
  expect(await lab.references()).toEqual(expect.arrayContaining([...pulled]));
  expect(await lab.containers()).toEqual([]);
});
