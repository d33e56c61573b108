import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import {
  type Patience,
  patientPing,
  pingRedis,
  pong,
  redisRunId,
} from "../../../../provision/engine/redis-ping.ts";

let server: Server | undefined;
afterEach(() => server?.close());

/** Listens on a free port, and gives it. */
function listen(answer: (socket: Socket) => void): Promise<number> {
  return new Promise((resolve) => {
    server = createServer((socket) => answer(socket.on("error", () => {})));
    server.listen(0, "127.0.0.1", () => {
      const address = server?.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

const ping = async (port: number) => pingRedis({ host: "127.0.0.1", port }, 200);

test.each([
  ["a Redis", "+PONG\r\n", pong],
  ["one that wants a password", "-NOAUTH Authentication required.\r\n", "-NOAUTH Authentication required."],
  ["another server", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "HTTP/1.1 400 Bad Request"],
  ["one that answers with a page", "<!DOCTYPE HTML>\n<html>\n</html>\n", "<!DOCTYPE HTML>"],
  ["one with long lines", `${"x".repeat(5000)}\n`, "x".repeat(80)],
])("gives the first line of %s", async (_, line, answer) => {
  const port = await listen((socket) => socket.on("data", () => socket.end(line)));
  expect(await ping(port)).toBe(answer);
});

test("gives nothing but that somebody listens, where there is no answer in time, or the connection ends", async () => {
  expect(await ping(await listen(() => {}))).toBe("");
  server?.close();
  expect(await ping(await listen((socket) => socket.destroy()))).toBe("");
});

test("gives undefined where nobody listens", async () => {
  const port = await listen(() => {});
  await new Promise((resolve) => server?.close(resolve));
  expect(await ping(port)).toBe(undefined);
});

/** Milliseconds, as a test takes them: the same in proportion as a Redis is given in seconds. */
const patience: Patience = { refusedMs: 600, silentMs: [100, 300, 600] };
const patient = (port: number) => patientPing({ host: "127.0.0.1", port }, patience);
const timed = async <T>(ask: () => Promise<T>): Promise<[T, number]> => {
  const started = performance.now();
  return [await ask(), performance.now() - started];
};

test("a Redis that answers at once is not waited for", async () => {
  const port = await listen((socket) => socket.on("data", () => socket.end("+PONG\r\n")));
  const [answer, ms] = await timed(() => patientPing({ host: "127.0.0.1", port }));
  expect(answer).toBe(pong);
  expect(ms).toBeLessThan(1000);
});

test("a slow Redis is given time to answer", async () => {
  const port = await listen((socket) =>
    socket.on("data", () => setTimeout(() => socket.end("+PONG\r\n"), 400)),
  );
  expect(await ping(port)).toBe("");
  expect(await patient(port)).toBe(pong);
});

test("a Redis that is loading, or busy for a while, is waited for", async () => {
  let asked = 0;
  const lines = ["-LOADING Redis is loading the dataset in memory", "-BUSY Redis is busy", "+PONG"];
  const port = await listen((socket) => socket.on("data", () => socket.end(`${lines[asked++]}\r\n`)));
  expect(await patient(port)).toBe(pong);
});

test("one that refuses connections for a moment is waited for, and one that goes on is gone", async () => {
  const port = await listen(() => {});
  await new Promise((resolve) => server?.close(resolve));
  const [answer, ms] = await timed(() => patient(port));
  expect(answer).toBe(undefined);
  expect(ms).toBeGreaterThanOrEqual(600);

  const late = patient(port);
  setTimeout(() => {
    server = createServer((socket) => socket.on("data", () => socket.end("+PONG\r\n")));
    server.listen(port, "127.0.0.1");
  }, 200);
  expect(await late).toBe(pong);
});

test("one that takes connections and says nothing is there, whether it ends them or not", async () => {
  expect(await patient(await listen(() => {}))).toBe("");
  server?.close();
  expect(await patient(await listen((socket) => socket.destroy()))).toBe("");
});

test("a Redis is known by the id of its run, where it gives it", async () => {
  const id = "a".repeat(40);
  const info = `$60\r\n# Server\r\nredis_version:7.0.15\r\nrun_id:${id}\r\ntcp_port:6379\r\n\r\n`;
  const give = async (text: string) => {
    server?.close();
    const port = await listen((socket) => socket.on("data", () => socket.write(text)));
    return redisRunId({ host: "127.0.0.1", port }, 200);
  };
  expect(await give(info)).toBe(id);
  expect(await give("-NOPERM this user has no permissions\r\n")).toBe(undefined);
});
