import { Problem } from "../lib/problem.ts";
import type { Caller } from "./caller.ts";
import { stacksWithSettings } from "./stack-file.ts";

/**
 * The stack of a command that names none: PULUMI_STACK, else the only one that has a settings file.
 *
 * @throws a Problem that lists them where there are several.
 */
export function defaultStack({ projectDir, env }: Pick<Caller, "projectDir" | "env">): string {
  if (env.PULUMI_STACK) return env.PULUMI_STACK;
  const stacks = stacksWithSettings(projectDir);
  const [only] = stacks;
  if (only !== undefined && stacks.length === 1) return only;
  throw new Problem(
    stacks.length === 0
      ? "got no stack, and there is none yet; make one: ./machine new STACK"
      : `got no stack, want one of ${stacks.toSorted().join(", ")}: name it, or set PULUMI_STACK`,
  );
}
