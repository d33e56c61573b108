import { existsSync, readFileSync } from "node:fs";
import { writeAtomically } from "./files.ts";
import { freePort } from "./free-port.ts";
import type { Rehearsal } from "./rehearsal.ts";
import { portStatus } from "./relay-client.ts";

/** The port that is kept; undefined where none is. */
export function recordedRedisPort(r: Rehearsal): number | undefined {
  if (!existsSync(r.redisPortFile)) return undefined;
  const port = Number(readFileSync(r.redisPortFile, "utf8"));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

/** Keeps the port for a Redis, as long as nobody else on the machine takes it, and else chooses another. */
export async function keepRedisPort(r: Rehearsal): Promise<void> {
  const known = recordedRedisPort(r);
  if (known !== undefined && (await portStatus(r.dir))?.open.includes(known)) return;
  const port = await freePort(known);
  if (port !== known) writeAtomically(r.redisPortFile, `${port}\n`);
}
