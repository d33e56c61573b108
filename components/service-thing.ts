import type * as pulumi from "@pulumi/pulumi";
import { findingLabel, type Labels, ownerLabels } from "../provision/engine/owned.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import { findingOf } from "../provision/repair.ts";
import { repairHook } from "./repair-hook.ts";

/** The stack that things of a service are made for, and the repair that they are made in (provision/repair.ts). */
export interface Maker {
  readonly owner: Owner;
  readonly repair: string;
}

/** A thing of a service, as it is found. */
export interface ServiceThingArgs {
  /** The labels of its making, where it stays as it is; `unknown` leaves those that the state has. */
  readonly made: Labels | "unknown" | undefined;
  /** What is wrong with what is there. Default: that there is none. */
  readonly finding?: string | undefined;
  /** Labels beside those of its making. Default: none. */
  readonly labels?: Labels | undefined;
  /** Hook that frees its name. Default: none, where the engine takes what has the name. */
  readonly leftover?: pulumi.ResourceHook;
}

/**
 * What the things of a service have in common: labels, as the provider takes them, and options.
 *
 * A change of a label is a new thing. So what is there keeps those of its making, and what is to be made, or made again, has
 * the stack's and what was found. The provider would ask for what it removes, and stop at what is gone already: a thing that
 * is replaced goes by the hook that frees its name, and the last one with the stack's use of the service (service-use.ts).
 */
export function serviceThing(
  name: string,
  { owner, repair }: Maker,
  { made, finding = "there was none", labels, leftover }: ServiceThingArgs,
) {
  const isUnknown = made === "unknown";
  const own = isUnknown
    ? ownerLabels(owner)
    : (made ?? { ...ownerLabels(owner), [findingLabel]: findingOf(repair, finding) });
  return {
    labels: Object.entries({ ...own, ...labels }).map(([label, value]) => ({ label, value })),
    options: {
      deleteBeforeReplace: true,
      retainOnDelete: true,
      hooks: {
        beforeCreate: leftover === undefined ? [] : [leftover],
        afterCreate: [repairHook(`${name}-repair`, owner)],
      },
      ignoreChanges: isUnknown ? ["labels"] : [],
    } satisfies pulumi.CustomResourceOptions,
  };
}
