import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A port of loopback that nothing listens on. It is below those that Linux gives to whoever asks for any (32768 to
 * 60999): Pulumi and its plugins do, and would take it while a test has its service stopped.
 */
export async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  return (await isFree(port)) ? port : freePort();
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  await once(server.close(), "close");
  return true;
}
