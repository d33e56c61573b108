import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../provision/ownership/owner.ts";
import { endRepair } from "../provision/repair.ts";

/** A hook for what a provider has made: ends the repair that it was made in, as a step does by itself. */
export function repairHook(name: string, owner: Owner): pulumi.ResourceHook {
  return new pulumi.ResourceHook(name, () => endRepair(owner));
}
