import type { Owner } from "../ownership/owner.ts";
import { engineAt } from "./client.ts";
import { containerAt } from "./owned.ts";
import { isOwnThing, serviceNames, serviceRecords, services } from "./service-records.ts";

/** Has a stack's own services go on where their containers are paused: what a run has in them is kept. */
export async function unpauseOwn(
  dockerHost: string,
  owner: Owner,
  report: (line: string) => void,
): Promise<void> {
  for (const service of serviceNames) {
    const { title, things } = services[service];
    const container = await containerAt(dockerHost, things.container);
    if (container?.state !== "paused") continue;
    if (!isOwnThing(container, owner, await serviceRecords(dockerHost, service))) continue;
    await engineAt(dockerHost).getContainer(container.id).unpause();
    report(`${title} was paused, and goes on`);
  }
}
