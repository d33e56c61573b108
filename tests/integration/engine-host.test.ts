import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { output } from "../../lib/run.ts";
import { connectionTo } from "../../provision/engine/connection.ts";
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

test("a context's certificates are where the remedy says, for clients that read no context", async () => {
  const file = (name: string) => join(folder, name);
  const made = ["-keyout", file("key.pem"), "-out", file("cert.pem"), "-subj", "/CN=lab.example"];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...made];
  await output("openssl", request, { env: { PATH: process.env.PATH ?? "" } });
  const endpoint = `host=tcp://lab.example:2376,ca=${file("cert.pem")},cert=${file("cert.pem")},key=${file("key.pem")}`;
  await docker(["context", "create", "tls", "--docker", endpoint]);
  const { host, remedy } = engineHostOf("", { env: { DOCKER_CONFIG: folder, DOCKER_CONTEXT: "tls" } });
  const [, ...variables] = remedy !== undefined && "command" in remedy ? remedy.command : [];
  const env = Object.fromEntries(variables.map((variable) => variable.split("=")));
  expect(connectionTo(host, env).tls).toMatchObject({
    ca: readFileSync(file("cert.pem")),
    key: readFileSync(file("key.pem")),
    rejectUnauthorized: true,
  });
});

test("a context that docker does not have is refused by both", async () => {
  const env = { DOCKER_CONTEXT: "lost" };
  await expect(docker(["context", "inspect"], env)).rejects.toThrow(/not found|does not exist|lost/);
  expect(() => engineHostOf("", { env: { DOCKER_CONFIG: folder, ...env } })).toThrow(/docker context lost/);
});
