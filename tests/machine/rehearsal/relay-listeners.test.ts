import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { listeningPorts, watchListeners } from "../../../rehearsal/relay-listeners.ts";

const head =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const row = (local: string, state: string) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1 1`;

test.each([
  ["127.0.0.1", "0100007F:1770", "0A", [6000]],
  ["every address", "00000000:1770", "0A", [6000]],
  ["every address of IPv6", `${"0".repeat(32)}:1770`, "0A", [6000]],
  ["127.0.0.1 as IPv6 has it", "0000000000000000FFFF00000100007F:1770", "0A", [6000]],
  ["another address of the engine", "010011AC:1770", "0A", []],
  ["IPv6's own loopback", "00000000000000000000000001000000:1770", "0A", []],
  ["a connection, which does not listen", "0100007F:1770", "01", []],
])("of %s", (_, local, state, ports) => {
  expect([...listeningPorts(`${head}\n${row(local, state)}\n`)]).toEqual(ports);
});

test("both tables count, and a port counts once", () => {
  const [four, six] = [row("00000000:1770", "0A"), row(`${"0".repeat(32)}:1770`, "0A")];
  expect([
    ...listeningPorts(`${head}\n${four}\n`, `${head}\n${six}\n${row("0100007F:0050", "0A")}\n`),
  ]).toEqual([6000, 80]);
});

test("one that begins or ends is told within moments", async () => {
  let ports: ReadonlySet<number> = new Set();
  const stop = watchListeners((now) => {
    ports = now;
  });
  const server = createServer();
  try {
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    await expect.poll(() => ports.has(port), { timeout: 5000 }).toBe(true);
    server.close();
    await expect.poll(() => ports.has(port), { timeout: 5000 }).toBe(false);
  } finally {
    stop();
  }
});
