import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { freePort, isFree } from "../../../rehearsal/free-port.ts";

test("a wanted port is given while it is free, and another, that Linux gives to nobody, where it is not", async () => {
  const port = await freePort();
  expect(port).toBeLessThan(32_768);
  expect(await freePort(port)).toBe(port);
  const server = createServer();
  await once(server.listen(port, "127.0.0.1"), "listening");
  expect(await isFree(port)).toBe(false);
  expect(await freePort(port)).not.toBe(port);
  await once(server.close(), "close");
  expect(await isFree(port)).toBe(true);
});
