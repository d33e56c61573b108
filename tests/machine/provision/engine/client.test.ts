import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { engineAt, isNone } from "../../../../provision/engine/client.ts";
import { connectionTo } from "../../../../provision/engine/connection.ts";
import { NoAnswer } from "../../../../provision/engine/no-answer.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let folder: string;
let servers: Server[];
beforeEach(() => {
  folder = temporaryFolder("client-");
  servers = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** An engine on a socket of its own. Gives its host. */
async function engine(answer: RequestListener, name = "docker.sock"): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(join(folder, name), resolve));
  return `unix://${join(folder, name)}`;
}

const version: RequestListener = (_, response) => {
  response.setHeader("Content-Type", "application/json");
  response.end('{"ApiVersion":"1.41"}');
};

/** How a question about the engine's version fails. */
async function fault(dockerHost: string, answerMs?: number): Promise<NoAnswer> {
  const error = await engineAt(dockerHost, answerMs)
    .version()
    .catch((error) => error);
  expect(error).toBeInstanceOf(NoAnswer);
  return error;
}

test("the host that is given counts, whatever the shell has, and the shell's variables stay as they are", async () => {
  const host = await engine(version);
  for (const other of ["unix:///nowhere", "ssh://me@nowhere", "tcp://nowhere:1"]) {
    vi.stubEnv("DOCKER_HOST", other);
    expect(await engineAt(host).version()).toMatchObject({ ApiVersion: "1.41" });
    expect(process.env.DOCKER_HOST).toBe(other);
  }
});

test("an engine that hangs before, or within, its answer does not hold anybody up", async () => {
  const silent = await engine(() => {}, "silent.sock");
  expect((await fault(silent, 50)).reason).toBe("no answer in 0.05 s");
  const stuck = await engine((_, response) => response.write('{"ApiVersion"'), "stuck.sock");
  expect((await fault(stuck, 50)).found).toBe(`the engine at ${stuck} does not answer (no answer in 0.05 s)`);
});

test("a pull, and the wait for a container's end, take their time", async () => {
  const host = await engine((request, response) => {
    setTimeout(() => response.end(request.url?.includes("wait") ? '{"StatusCode":3}' : ""), 200);
  });
  const patient = engineAt(host, 50);
  expect(await patient.getContainer("one").wait()).toEqual({ StatusCode: 3 });
  expect(await text(await patient.pull("a/b:c"))).toBe("");
});

test("none is another thing than no answer", async () => {
  const host = await engine((_, response) => {
    response.writeHead(404, { "Content-Type": "application/json" }).end('{"message":"no such image"}');
  });
  const none = await engineAt(host)
    .getImage("a")
    .inspect()
    .catch((error) => error);
  expect(none).not.toBeInstanceOf(NoAnswer);
  expect(isNone(none)).toBe(true);
  expect((await fault(`unix://${folder}/nobody.sock`)).reason).toMatch(/^connect ENOENT/);
});

test.each([502, 503, 504])("a %d of a proxy before the engine is no answer of it", async (status) => {
  const host = await engine((_, response) => response.writeHead(status).end("<html>Bad gateway</html>"));
  expect((await fault(host)).reason).toBe(`a proxy before it gives ${status}`);
});

test("a 503 with an engine's own message is its answer", async () => {
  const host = await engine((_, response) => {
    response.writeHead(503, { "Content-Type": "application/json" }).end('{"message":"unavailable"}');
  });
  await expect(engineAt(host).version()).rejects.toMatchObject({ status: 503, message: "unavailable" });
});

test("who asked can take the question back", async () => {
  const host = await engine(() => {});
  const abort = new AbortController();
  const asked = engineAt(host).ask({ path: "/images/json", abort: abort.signal });
  abort.abort();
  await expect(asked).rejects.not.toBeInstanceOf(NoAnswer);
});

test("an engine on TCP is asked in the clear, unless docker's variables of TLS are set", async () => {
  expect(connectionTo("tcp://10.0.0.1", {})).toEqual({ host: "10.0.0.1", port: 2375 });
  expect(connectionTo("10.0.0.1:99", {})).toMatchObject({ host: "10.0.0.1", port: 99 });
  for (const name of ["ca", "cert", "key"]) writeFileSync(join(folder, `${name}.pem`), name);
  const tls = { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: folder };
  expect(connectionTo("tcp://10.0.0.1", tls)).toMatchObject({
    port: 2376,
    tls: { ca: Buffer.from("ca"), key: Buffer.from("key"), rejectUnauthorized: true },
  });
  const unverified = { DOCKER_TLS: "1", DOCKER_CERT_PATH: folder };
  expect(connectionTo("tcp://10.0.0.1", unverified)).toMatchObject({
    tls: { rejectUnauthorized: false },
  });
  expect(() => connectionTo("tcp://10.0.0.1", { ...tls, DOCKER_CERT_PATH: "/nowhere" })).toThrow(
    /^DOCKER_TLS_VERIFY or DOCKER_TLS is set, and \/nowhere\/ca.pem cannot be read \(ENOENT\)/,
  );
});

test("an engine is asked over TCP, by IPv4 and IPv6", async () => {
  for (const address of ["127.0.0.1", "::1"]) {
    const server = createServer(version);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    const { port } = server.address() as AddressInfo;
    const host = address.includes(":") ? `[${address}]` : address;
    expect(await engineAt(`tcp://${host}:${port}`).version()).toMatchObject({ ApiVersion: "1.41" });
  }
});

test.each([
  "npipe:////./pipe/docker_engine",
  "fd://",
  "tcp://a b",
  "ssh://me:secret@host",
  "ssh://host/$(x)",
])("%s is refused", (host) => {
  expect(() => connectionTo(host, {})).toThrow(/^".*" is not the address of an engine\nFix: .*ssh:\/\//);
  expect(() => connectionTo(host, {})).not.toThrow(/secret/);
});

/** An `ssh` of this text on PATH. */
function ssh(script: string): void {
  writeFileSync(join(folder, "ssh"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, "ssh"), 0o755);
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
}

/** A command that is to a socket what `docker system dial-stdio` is to an engine. */
const dial = (socket: string) =>
  `exec ${process.execPath} -e 'const s = require("net").connect(process.argv[1]); process.stdin.pipe(s).pipe(process.stdout)' ${socket}`;

test("an engine over ssh is asked through the user's own OpenSSH, by one connection after another", async () => {
  await engine(version);
  ssh(`echo "$*" >> ${folder}/asked\n${dial(join(folder, "docker.sock"))}`);
  const over = engineAt("ssh://me@first.example:2222");
  expect(await over.version()).toMatchObject({ ApiVersion: "1.41" });
  expect(await over.version()).toMatchObject({ ApiVersion: "1.41" });
  expect(readFileSync(join(folder, "asked"), "utf8")).toBe(
    "-T -o BatchMode=yes -o ConnectTimeout=30 -l me -p 2222 -- first.example docker system dial-stdio\n",
  );
});

test("streams go through ssh as well", async () => {
  const host = await engine((request, response) =>
    response.end(request.url?.includes("attach") ? "hello" : '{"status":"done"}\n'),
  );
  ssh(dial(host.slice("unix://".length)));
  const over = engineAt("ssh://second.example");
  expect(await text(await over.pull("a/b:c"))).toBe('{"status":"done"}\n');
  const attached = await over.getContainer("one").attach();
  expect(await text(attached)).toBe("hello");
});

// As OpenSSH 9 and docker's client say it.
test.each([
  [
    "No ED25519 host key is known for host.example and you have requested strict checking.\nHost key verification failed.",
    255,
    /its host key is not known[\s\S]*\n +ssh host\.example$/,
  ],
  [
    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.",
    255,
    /its host key is not the known one[\s\S]*\n +ssh-keygen -R HOST$/,
  ],
  ["me@host.example: Permission denied (publickey).", 255, /it refuses the key[\s\S]*\nFix: ssh-copy-id/],
  ["ssh: Could not resolve hostname host.example: Name or service not known", 255, /no host with that name/],
  ["ssh: connect to host host.example port 22: Connection refused", 255, /ssh cannot reach it/],
  ["bash: line 1: docker: command not found", 127, /docker is not on the PATH there/],
  ["sh: 1: docker: not found", 127, /docker is not on the PATH there/],
  [
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
    1,
    /may not use its engine[\s\S]*usermod -aG docker/,
  ],
  [
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
    1,
    /the engine there is not running/,
  ],
  ["odd", 3, /\(odd\)\n/],
])("over ssh, %s is told with what helps", async (said, code, reason) => {
  ssh(`cat >&2 <<'EOF'\n${said}\nEOF\nexit ${code}`);
  expect((await fault("ssh://host.example")).message).toMatch(reason);
});

test("without ssh on PATH, that is what is said", async () => {
  vi.stubEnv("PATH", folder);
  expect((await fault("ssh://third.example")).reason).toMatch(/^ssh is not on PATH/);
});

test("what takes connections and says nothing holds nobody up", async () => {
  const server = createTcpServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  expect((await fault(`tcp://127.0.0.1:${port}`, 50)).reason).toBe("no answer in 0.05 s");
  server.close();
});
