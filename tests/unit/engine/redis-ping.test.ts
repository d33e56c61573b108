import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { addressOf, pingRedis, pong } from "../../../engine/redis-ping.ts";

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

test("asks this machine where all of its addresses are meant", () => {
  expect(addressOf({ host: "0.0.0.0", port: 1 })).toBe("127.0.0.1:1");
  expect(addressOf({ host: "10.0.0.5", port: 1 })).toBe("10.0.0.5:1");
});
