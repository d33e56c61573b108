import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addressLabel, judgeRedis, lookAtRedis } from "../../../../provision/engine/existing-redis.ts";
import { ownerLabels } from "../../../../provision/engine/owned.ts";
import { pong } from "../../../../provision/engine/redis-ping.ts";
import { lab1, lab2 } from "../../../owners.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

let folder: string;
let servers: { close(): unknown }[];
beforeEach(() => {
  folder = temporaryFolder("engine-");
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
});

const patience = { refusedMs: 400, silentMs: [50, 400] };

/** An engine with one container, or none. Gives its host. */
function engine(labels: Readonly<Record<string, string>> | undefined, Status = "running"): Promise<string> {
  const socket = join(folder, "engine.sock");
  const server = createHttpServer((request, response) => {
    const isVolumes = /\/volumes\b/.test(request.url ?? "");
    response.statusCode = isVolumes || labels !== undefined ? 200 : 404;
    const container = { Id: "c1", State: { Status, Running: true, ExitCode: 0 }, Config: { Labels: labels } };
    response.end(JSON.stringify(isVolumes ? { Volumes: null } : container));
  });
  servers.push(server);
  return new Promise((resolve) => server.listen(socket, () => resolve(`unix://${socket}`)));
}

/** A Redis that answers a PING after a while; undefined for one that never does. Gives its port. */
function redis(afterMs: number | undefined): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => {
      if (afterMs !== undefined) setTimeout(() => socket.end("+PONG\r\n"), afterMs);
    });
  });
  servers.push(server);
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
  );
}

async function freePort(): Promise<number> {
  const port = await redis(undefined);
  await new Promise((resolve) => (servers.pop() as Server).close(resolve));
  return port;
}

const own = (port: number) => ({ ...ownerLabels(lab1), [addressLabel]: `127.0.0.1:${port}` });
const at = (port: number) => ({ host: "127.0.0.1", port });

test("where there is neither container nor listener, that is seen at once", async () => {
  const port = await freePort();
  const started = performance.now();
  expect(judgeRedis(await lookAtRedis(await engine(undefined), lab1, at(port)))).toEqual({ kind: "own" });
  expect(performance.now() - started).toBeLessThan(2000);
});

test("a PONG decides at once", async () => {
  const port = await redis(0);
  const started = performance.now();
  expect(judgeRedis(await lookAtRedis(await engine(own(port)), lab1, at(port)))).toMatchObject({
    kind: "own",
  });
  expect(performance.now() - started).toBeLessThan(2000);
});

test("the stack's own that is slow is well", async () => {
  const slow = await redis(150);
  const host = await engine(own(slow));
  const limits = { refusedMs: 400, silentMs: [50, 3000] };
  expect(judgeRedis(await lookAtRedis(host, lab1, at(slow), limits))).toEqual({
    kind: "own",
    labels: ownerLabels(lab1),
  });
});

test("the stack's own that never answers is reported, with no word that would replace it", async () => {
  const silent = await redis(undefined);
  const judged = judgeRedis(await lookAtRedis(await engine(own(silent)), lab1, at(silent), patience));
  expect(judged).toMatchObject({ kind: "own", labels: ownerLabels(lab1), trouble: {} });
  expect(judged).not.toHaveProperty("finding");
});

test("the stack's own at whose port nobody listens for a while is made again", async () => {
  const port = await freePort();
  const started = performance.now();
  const judged = judgeRedis(await lookAtRedis(await engine(own(port)), lab1, at(port), patience));
  expect(judged).toMatchObject({ kind: "own", finding: expect.stringContaining("nobody listens") });
  expect(performance.now() - started).toBeGreaterThanOrEqual(400);
});

test("a paused one is not waited for", async () => {
  const port = await redis(undefined);
  const host = await engine(own(port), "paused");
  const started = performance.now();
  expect(judgeRedis(await lookAtRedis(host, lab1, at(port)))).toMatchObject({
    trouble: { remedies: { command: expect.arrayContaining(["up"]) } },
  });
  expect(performance.now() - started).toBeLessThan(4000);
});

test("another's that is slow is used", async () => {
  const port = await redis(150);
  const limits = { refusedMs: 400, silentMs: [50, 3000] };
  const facts = await lookAtRedis(await engine(own(port)), lab2, at(port), limits);
  expect(facts.answer).toBe(pong);
  expect(judgeRedis(facts)).toMatchObject({ kind: "foreign", identity: "c1", isShared: true });
});

test("an engine that does not answer is not one that has nothing", async () => {
  const host = `unix://${join(folder, "none.sock")}`;
  for (const port of [await freePort(), await redis(0)])
    expect(judgeRedis(await lookAtRedis(host, lab1, at(port)))).toEqual({ kind: "own", labels: "unknown" });
});
