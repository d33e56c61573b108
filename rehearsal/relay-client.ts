import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PortStatus } from "./relay-ports.ts";
import { readLine, request } from "./relay-requests.ts";

/** An end of what joins a rehearsal's network to the machine's loopback. */
export type End = "inside" | "outside";

/** The unix socket at which an end is asked. */
export function socketOf(dir: string, end: End): string {
  return join(dir, "run", `${end}.sock`);
}

/** The first line of an end's answer; undefined where there is none. */
export async function askEnd(dir: string, end: End, question: string): Promise<string | undefined> {
  if (!existsSync(socketOf(dir, end))) return undefined;
  const asked = request(socketOf(dir, end), question).on("error", () => {});
  try {
    return await readLine(asked);
  } finally {
    asked.destroy();
  }
}

/** The ports of the machine's loopback that lead into the network; undefined where nothing joins the two. */
export async function portStatus(dir: string): Promise<PortStatus | undefined> {
  const line = await askEnd(dir, "outside", "status");
  return line === undefined ? undefined : (JSON.parse(line) as PortStatus);
}
