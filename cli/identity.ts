import type { RawConfiguration } from "../program/configuration.ts";
import { stackIdIn } from "../program/stack-id.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import { stackIdentity } from "../provision/ownership/temporary.ts";

/** A stack, with its configuration as it is set. */
export interface ConfiguredStack {
  readonly stack: string;
  readonly configuration: RawConfiguration;
}

/** A stack as what it makes names it. */
export function ownerIn({ stack, configuration }: ConfiguredStack): Owner {
  return { stack, id: stackIdIn(configuration) };
}

/** What the temporary containers and folders of a stack carry, as the program's own commands have it. */
export function identityOf(stack: ConfiguredStack): string {
  return stackIdentity(ownerIn(stack));
}
