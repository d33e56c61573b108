import type { RawConfiguration } from "../program/configuration.ts";
import { stackIdIn } from "../program/stack-id.ts";
import { stackIdentity } from "../provision/ownership/temporary.ts";

/** A stack, with its configuration as it is set. */
export interface ConfiguredStack {
  readonly stack: string;
  readonly configuration: RawConfiguration;
}

/** What the temporary containers and folders of a stack carry, as the program's own commands have it. */
export function identityOf({ stack, configuration }: ConfiguredStack): string {
  return stackIdentity({ stack, id: stackIdIn(configuration) });
}
