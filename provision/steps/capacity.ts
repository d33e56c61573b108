import { type Capacity, capacityOf } from "../../benchmark/capacity.ts";
import { engineAt } from "../engine/client.ts";

/**
 * What an engine has for containers.
 *
 * @throws NoAnswer where it does not answer.
 */
export async function askCapacity(dockerHost: string): Promise<Capacity> {
  return capacityOf(await engineAt(dockerHost).info());
}
