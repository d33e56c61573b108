import { once } from "node:events";
import { createServer } from "node:net";

/**
 * `wanted` where nobody listens at it on 127.0.0.1, else another that is free. It is below the ports that Linux gives to
 * whoever asks for any (32768 to 60999): Pulumi and its plugins do, and would take it while its service is stopped.
 */
export async function freePort(wanted?: number): Promise<number> {
  const port = wanted ?? 20_000 + Math.floor(Math.random() * 12_000);
  return (await isFree(port)) ? port : freePort();
}

/** Whether nobody listens at a port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  await once(server.close(), "close");
  return true;
}
