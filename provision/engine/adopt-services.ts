import type { Owner } from "../ownership/owner.ts";
import { containerAt, networkAt, volumeAt } from "./owned.ts";
import { recordThing, services } from "./service-records.ts";

/** A resource of Pulumi's state, as far as is looked at here. */
export interface StateResource {
  readonly urn: string;
  /** The provider's id: of a container or a network the engine's, of a volume its name. */
  readonly id?: string | undefined;
}

const looks = { container: containerAt, network: networkAt, volume: volumeAt } as const;

/**
 * Notes on the engine what of the services is in a stack's state and is older than ids: its labels have a name alone,
 * and the stack may have been renamed since. For the time before the first update with an id, which would take such
 * things for another's. Can be repeated.
 *
 * @param resources of the stack's state, as `pulumi stack export` gives them.
 * @returns the names of what was noted.
 */
export async function adoptServices(
  dockerHost: string,
  owner: Owner,
  resources: readonly StateResource[],
): Promise<readonly string[]> {
  const adopted: string[] = [];
  for (const service of ["redis", "git"] as const)
    for (const [kind, name] of Object.entries(services[service].things) as [keyof typeof looks, string][]) {
      const resource = resources.find(({ urn }) => urn.endsWith(`::coop-${service}-${kind}`));
      const thing = resource && (await looks[kind](dockerHost, name));
      if (thing?.owner === undefined || thing.owner.id !== undefined || thing.id !== resource?.id) continue;
      await recordThing(dockerHost, service, owner, "adopted", thing.id);
      adopted.push(name);
    }
  return adopted;
}
