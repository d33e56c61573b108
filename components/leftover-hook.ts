import * as pulumi from "@pulumi/pulumi";
import type { ServiceUse } from "../provision/engine/service-use.ts";

/**
 * A hook for a thing of a service that is to be created: frees its name of what an interrupted update of the stack has
 * left, unknown to Pulumi's state, and fails where another's thing has it.
 */
export function leftoverHook(
  name: string,
  { dockerHost, service, owner }: ServiceUse,
  kind: "container" | "network",
  thingName: string,
): pulumi.ResourceHook {
  return new pulumi.ResourceHook(name, async () => {
    const [{ freeName }, { isAdoptedBy, serviceRecords }] = await Promise.all([
      import("../provision/engine/owned.ts"),
      import("../provision/engine/service-records.ts"),
    ]);
    await freeName(dockerHost, kind, thingName, owner, async (thing) =>
      isAdoptedBy(thing, owner, await serviceRecords(dockerHost, service)),
    );
  });
}
