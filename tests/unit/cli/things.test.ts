import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { thingsOf } from "../../../cli/things.ts";
import { lab1 } from "../../owners.ts";

test("an engine that does not run yet has nothing of a stack's", async () => {
  const configuration = {
    coop: true,
    cooperbenchDir: "none/CooperBench",
    dockerHost: `unix://${tmpdir()}/no-engine.sock`,
  };
  expect(await thingsOf(lab1, { projectDir: tmpdir(), configuration, env: {} }, [])).toEqual([]);
});
