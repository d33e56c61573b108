import type * as pulumi from "@pulumi/pulumi";
import type { ServiceUse, UseWish } from "../provision/engine/service-use.ts";
import { findingOf } from "../provision/repair.ts";
import { step } from "./step.ts";

/** Arguments of `serviceUse`. */
export interface ServiceUseArgs extends ServiceUse {
  /** Whether the stack uses the service, as far as is known. */
  readonly wish: UseWish;
  /** Whether the engine has the stack's record of that. */
  readonly isRecorded: boolean;
  /** The repair that it is recorded in where it is not. */
  readonly repair: string;
}

/**
 * The stack's use of a service that the stacks of an engine share, noted on the engine. It is there before the service,
 * and its end removes the service with the last use: so what the service is made of is given `deletedWith` this, which
 * leaves it to that, and to the provider where it is replaced. This must never be replaced itself: they would be, too.
 */
export function serviceUse(name: string, args: ServiceUseArgs, parent: pulumi.Resource): pulumi.Resource {
  const { dockerHost, service, owner, repair, wish, isRecorded } = args;
  const isLost = wish === "record" && !isRecorded;
  const finding = isLost ? findingOf(repair, "there is no record of it") : undefined;
  const request = { dockerHost, service, wish };
  return step(name, "service-use", { owner, request, finding, removable: true }, { parent }).command;
}
