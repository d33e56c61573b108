import { writeWhole } from "../lib/files.ts";
import { freePort } from "./free-port.ts";
import type { Rehearsal } from "./rehearsal.ts";
import { portStatus } from "./relay-client.ts";

/** Keeps the port for a Redis, as long as nobody else on the machine takes it, and else chooses another. */
export async function keepRedisPort(r: Rehearsal): Promise<void> {
  const known = r.redisPort();
  if (known !== undefined && (await portStatus(r.dir))?.open.includes(known)) return;
  const port = await freePort(known);
  if (port !== known) writeWhole(r.redisPortFile, `${port}\n`);
}
