import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { output } from "../../lib/run.ts";
import { engineHostOf } from "../../provision/engine/host.ts";
import { findTools } from "../../rehearsal/tools.ts";

let folder: string;
let docker: (args: readonly string[], env?: Record<string, string>) => Promise<string>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "contexts-"));
  const tools = await findTools(() => {});
  const { DOCKER_HOST: _, DOCKER_CONTEXT: __, ...env } = tools.env;
  docker = (args, more = {}) =>
    output(tools.docker, args, {
      env: { ...(env as Record<string, string>), DOCKER_CONFIG: folder, ...more },
    });
  for (const [name, host] of [
    ["lab", "ssh://me@lab.example"],
    ["near", "unix:///run/near.sock"],
  ])
    await docker(["context", "create", name ?? "", "--docker", `host=${host}`]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["no context", "default", {}],
  ["the current context", "lab", {}],
  ["DOCKER_CONTEXT over that", "lab", { DOCKER_CONTEXT: "near" }],
  ["DOCKER_CONTEXT=default", "lab", { DOCKER_CONTEXT: "default" }],
])("the engine is docker's own: %s", async (_, current, env) => {
  await docker(["context", "use", current]);
  const theirs = await docker(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], env);
  const exists = (path: string) => path === "/var/run/docker.sock";
  expect(engineHostOf("", { env: { DOCKER_CONFIG: folder, ...env }, exists }).host).toBe(theirs);
});

test("a context that docker does not have is refused by both", async () => {
  const env = { DOCKER_CONTEXT: "lost" };
  await expect(docker(["context", "inspect"], env)).rejects.toThrow(/not found|does not exist|lost/);
  expect(() => engineHostOf("", { env: { DOCKER_CONFIG: folder, ...env } })).toThrow(/docker context lost/);
});
