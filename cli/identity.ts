import { stackIdIn } from "../program/stack-id.ts";
import { stackIdentity } from "../provision/ownership/temporary.ts";
import { projectDir } from "./session.ts";
import { readConfiguration } from "./stack-file.ts";

/** What the temporary containers and folders of a stack carry, as the program's own commands have it. */
export function identityOf(stack: string): string {
  return stackIdentity({ stack, id: stackIdIn(readConfiguration(projectDir, stack)) });
}
