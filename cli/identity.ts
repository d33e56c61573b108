import { stackIdentity } from "../provision/temporary.ts";

/** What the temporary containers and folders of a stack carry, as the program's own commands have it. */
export function identityOf(stack: string): string {
  return stackIdentity({ STACK: stack });
}
