import type { Capacity } from "../../benchmark/capacity.ts";
import { engineAt } from "../engine/client.ts";

/**
 * What an engine has for containers.
 *
 * @throws NoAnswer where it does not answer.
 */
export async function askCapacity(dockerHost: string): Promise<Capacity> {
  const { NCPU, MemTotal } = await engineAt(dockerHost).info();
  return { cpus: NCPU, memoryBytes: MemTotal };
}
