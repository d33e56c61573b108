import { writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { registryAt } from "../../../../provision/registry/client.ts";
import { manifestTypes } from "../../../../provision/registry/image.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";
import { content, LocalServer, serve } from "./local-server.ts";

const image = content(manifestTypes[3], { layers: [] });
const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

let folder: string;
let env: NodeJS.ProcessEnv;
let server: LocalServer;
beforeEach(() => {
  folder = temporaryFolder("authorization-");
  env = { DOCKER_CONFIG: folder };
});
afterEach(() => {
  server.close();
});

async function start(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  server = await new LocalServer(handle).start();
}

function logIn(auth: Readonly<Record<string, string>>): void {
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [server.host]: auth } }));
}

/** A registry with a token server. Tokens are counted, and `accepts` tells which are good. */
function tokenRegistry(accepts: (token: number) => boolean = () => true) {
  let tokens = 0;
  return start(({ url = "", headers, method }, response) => {
    if (url.startsWith("/token")) {
      tokens += 1;
      response.end(JSON.stringify({ [method === "POST" ? "access_token" : "token"]: `t${tokens}` }));
      return;
    }
    const token = /^Bearer t(\d+)$/.exec(headers.authorization ?? "")?.[1];
    if (token !== undefined && accepts(Number(token))) serve(response, image);
    else
      response
        .writeHead(401, {
          "WWW-Authenticate": `Bearer realm="http://${headers.host}/token",service="r.example",scope="repository:a/b:pull"`,
        })
        .end();
  });
}

test("a token is got without credentials, and kept for its repository", async () => {
  await tokenRegistry();
  const registry = registryAt(server.host, { env });
  await registry.head("a/b", "one");
  await registry.head("a/b", "two");
  expect(server.seen.map(({ path, authorization }) => [path, authorization])).toEqual([
    ["/v2/a/b/manifests/one", undefined],
    ["/token?service=r.example&scope=repository%3Aa%2Fb%3Apull", undefined],
    ["/v2/a/b/manifests/one", "Bearer t1"],
    ["/v2/a/b/manifests/two", "Bearer t1"],
  ]);
});

test("requests of one repository at a time share one token", async () => {
  await tokenRegistry();
  const registry = registryAt(server.host, { env });
  await Promise.all(["one", "two", "three"].map((tag) => registry.head("a/b", tag)));
  expect(server.seen.filter(({ path }) => path.startsWith("/token"))).toHaveLength(1);
});

test("a token that has expired is replaced", async () => {
  let expired = false;
  await tokenRegistry((token) => token > 1 || !expired);
  const registry = registryAt(server.host, { env });
  await registry.head("a/b", "one");
  expired = true;
  await registry.head("a/b", "one");
  expect(server.seen.at(-1)?.authorization).toBe("Bearer t2");
});

test("the token server is shown the credentials, and the registry the token alone", async () => {
  await tokenRegistry();
  logIn({ auth: Buffer.from("me:geheim").toString("base64") });
  await registryAt(server.host, { env }).head("a/b", "one");
  expect(server.seen.map(({ authorization }) => authorization)).toEqual([
    undefined,
    basic("me:geheim"),
    "Bearer t1",
  ]);
});

test("an identity token is exchanged, in the body of a request", async () => {
  await tokenRegistry();
  logIn({ identitytoken: "geheim" });
  await registryAt(server.host, { env }).head("a/b", "one");
  expect(server.seen[1]).toMatchObject({ method: "POST", path: "/token", authorization: undefined });
});

test("a registry that asks for Basic is shown the credentials", async () => {
  await start(({ headers }, response) => {
    if (headers.authorization === basic("me:geheim")) serve(response, image);
    else response.writeHead(401, { "WWW-Authenticate": 'Basic realm="r"' }).end();
  });
  logIn({ auth: Buffer.from("me:geheim").toString("base64") });
  await registryAt(server.host, { env }).head("a/b", "one");
  logIn({});
  await expect(registryAt(server.host, { env }).head("a/b", "one")).rejects.toThrow(
    /no such image for these credentials [\s\S]*docker login 127/,
  );
});

test("a token that is refused is told once, without it", async () => {
  await tokenRegistry(() => false);
  await expect(registryAt(server.host, { env }).head("a/b", "one")).rejects.toThrow(
    /no such image for these credentials \(HEAD \/v2\/a\/b\/manifests\/one gave 401\)[\s\S]*docker login/,
  );
  expect(server.seen).toHaveLength(3);
});

test("wrong credentials are told as such, and are in no message", async () => {
  await start(({ url = "", headers }, response) => {
    const realm = `Bearer realm="http://${headers.host}/token"`;
    if (url.startsWith("/token")) response.writeHead(401).end('{"details":"incorrect geheim"}');
    else response.writeHead(401, { "WWW-Authenticate": realm }).end();
  });
  logIn({ auth: Buffer.from("me:geheim").toString("base64") });
  const asked = registryAt(server.host, { env }).head("a/b", "one");
  await expect(asked).rejects.toThrow(
    /refused the credentials of Docker's configuration [\s\S]*docker login/,
  );
  await expect(asked).rejects.not.toThrow(/geheim/);
});

test.each([
  ['Bearer realm="file:///token"', /names the token server "file:\/\/\/token", which is not a URL of http/],
  ['Negotiate realm="x"', /an unknown kind of authorization .*neither Bearer nor Basic/],
])("the challenge %s is refused", async (challenge, message) => {
  await start((_, response) => response.writeHead(401, { "WWW-Authenticate": challenge }).end());
  await expect(registryAt(server.host, { env }).head("a/b", "one")).rejects.toThrow(message);
});

test("a token server's rate limit says when it ends", async () => {
  await start(({ url = "", headers }, response) => {
    if (url.startsWith("/token")) response.writeHead(429, { "Retry-After": "60" }).end();
    else response.writeHead(401, { "WWW-Authenticate": `Bearer realm="http://${headers.host}/token"` }).end();
  });
  await expect(registryAt(server.host, { env }).head("a/b", "one")).rejects.toMatchObject({
    status: 429,
    retryAt: expect.any(Date),
  });
});
