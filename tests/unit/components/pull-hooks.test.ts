import { createServer, type Server } from "node:http";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pullHooks } from "../../../components/pull-hooks.ts";
import { lab1 } from "../../owners.ts";
import { recordResources } from "../../recording-mocks.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

let folder: string;
let engine: Server;
let asked: string[];
/** An engine that has nothing, and finds nothing in any registry. */
beforeEach(async () => {
  await recordResources();
  folder = temporaryFolder("pull-hook-");
  asked = [];
  const answers: Record<string, unknown> = { "/images/json": [], "/info": {} };
  engine = createServer(({ method, url = "" }, response) => {
    if (method === "POST") asked.push(decodeURIComponent(url));
    const answer = answers[url];
    response.writeHead(answer === undefined ? 404 : 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer ?? { message: "manifest unknown" }));
  });
  await new Promise<void>((resolve) => engine.listen(join(folder, "docker.sock"), resolve));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await new Promise((resolve) => engine.close(resolve));
});

const digest = `sha256:${"a".repeat(64)}`;

test("an image is pulled as the lock has it; its failure is the hook's, after which no timer goes on", async () => {
  const images = [{ image: "a/b:c", locked: { digest } }];
  const settings = { mirror: "", stallSeconds: 60, verified: () => "0/1" };
  const args = {
    owner: lab1,
    dockerHost: `unix://${folder}/docker.sock`,
    images,
    missing: images,
    ...settings,
  };
  const hooks = pullHooks("pull", args, new pulumi.ComponentResource("cooperbench:images:X", "x"));
  const [hook] = hooks.beforeCreate as [pulumi.ResourceHook];
  const [started, ended] = [vi.spyOn(globalThis, "setInterval"), vi.spyOn(globalThis, "clearInterval")];
  const pull = hook.callback({ newInputs: { name: "a/b:c" } } as unknown as pulumi.ResourceHookArgs);
  await expect(pull).rejects.toThrow("manifest unknown");
  expect(asked).toEqual([expect.stringContaining(digest)]);
  // Of progress; Pulumi's SDK starts another.
  const timers = started.mock.calls.flatMap(([, ms], at) =>
    ms === 2000 ? [started.mock.results[at]?.value] : [],
  );
  expect(timers).toHaveLength(1);
  expect(ended.mock.calls.map(([timer]) => timer)).toContain(timers[0]);
});
