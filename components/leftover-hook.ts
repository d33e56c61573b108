import * as pulumi from "@pulumi/pulumi";
import type { ServiceUse } from "../provision/engine/service-use.ts";

/**
 * A hook for a thing of a service that is to be created: frees its name of what an interrupted operation on the stack has
 * left, unknown to Pulumi's state, and fails where another's thing has it.
 *
 * @param things whose names are freed, in this order: a network goes after the container that is in it.
 */
export function leftoverHook(
  name: string,
  { dockerHost, service, owner }: ServiceUse,
  things: readonly (readonly [kind: "container" | "network", name: string])[],
): pulumi.ResourceHook {
  return new pulumi.ResourceHook(name, async () => {
    const [{ freeName }, { isAdoptedBy, serviceRecords }] = await Promise.all([
      import("../provision/engine/owned.ts"),
      import("../provision/engine/service-records.ts"),
    ]);
    for (const [kind, thingName] of things)
      await freeName(dockerHost, kind, thingName, owner, async (thing) =>
        isAdoptedBy(thing, owner, await serviceRecords(dockerHost, service)),
      );
  });
}
