import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import type { Caller } from "./caller.ts";
import { stacksWithSettings } from "./stack-file.ts";
import { stackNames, stackNamesWant } from "./stack-names.ts";

/**
 * The stack of a command that names none: PULUMI_STACK, else the only one that has a settings file.
 *
 * @throws a Problem that lists them where there are several.
 */
export function defaultStack({ projectDir, env }: Pick<Caller, "projectDir" | "env">): string {
  const { PULUMI_STACK: named } = env;
  if (named && !stackNames.test(named))
    throw new Problem(`PULUMI_STACK is ${JSON.stringify(named)}, which is no stack; want ${stackNamesWant}`, {
      command: ["unset", "PULUMI_STACK"],
      when: "or set it to the name of a stack",
    });
  if (named) return named;
  const stacks = stacksWithSettings(projectDir);
  const [only] = stacks;
  if (only !== undefined && stacks.length === 1) return only;
  if (stacks.length === 0) throw new Problem("there is no stack yet", machine("new", "STACK"));
  throw new Problem("no stack was named, and there are several", {
    advice: `name one of ${stacks.toSorted().join(", ")}, or set PULUMI_STACK to it`,
  });
}
