import type { Environment } from "../lib/environment.ts";

/** The stack that the arguments, or else PULUMI_STACK, name. */
export function stackOf(args: readonly string[], env: Environment): string | undefined {
  const at = args.findIndex((arg) => arg === "--stack" || arg === "-s");
  const joined = args.find((arg) => /^(--stack|-s)=/.test(arg));
  return (at === -1 ? joined?.replace(/^[^=]*=/, "") : args[at + 1]) ?? env.PULUMI_STACK;
}
