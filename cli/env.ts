import type { Environment } from "../lib/environment.ts";
import { shellWord } from "../lib/shell-word.ts";
import type { StackCaller } from "./caller.ts";
import { printJson } from "./json.ts";
import { openUnchecked } from "./session.ts";

/** `./machine env STACK`: shell commands after which plain `pulumi` and `docker` speak to the stack. */
export async function env(caller: StackCaller, json: boolean): Promise<number> {
  const { variables, output, stack } = await openUnchecked(caller);
  const values = Object.entries(variables).map(([name, value]) => [name, value ?? null] as const);
  if (json) printJson(output, "env", { stack, variables: Object.fromEntries(values) });
  else output.print(`${shellExports(variables)}# Run: eval "$(./machine env ${stack})"\n`);
  return 0;
}

/** The variables as commands of a POSIX shell, by name; undefined takes one away. */
export function shellExports(variables: Environment): string {
  return Object.entries(variables)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) =>
      value === undefined ? `unset ${name}\n` : `export ${name}=${shellWord(value)}\n`,
    )
    .join("");
}
