import { changedEnvironment, type Environment, openUnchecked } from "./session.ts";

/** `./machine env STACK`: shell commands after which plain `pulumi` and `docker` speak to the stack. */
export async function env(stack: string): Promise<number> {
  await openUnchecked(stack);
  process.stdout.write(`${shellExports(changedEnvironment())}# Run: eval "$(./machine env ${stack})"\n`);
  return 0;
}

/** The variables as commands of a POSIX shell; undefined takes one away. */
export function shellExports(variables: Environment): string {
  return Object.entries(variables)
    .map(([name, value]) =>
      value === undefined ? `unset ${name}\n` : `export ${name}='${value.replaceAll("'", "'\\''")}'\n`,
    )
    .join("");
}
