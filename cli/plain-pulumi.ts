import { pulumi } from "./pulumi.ts";
import { openToolchain, openUnchecked, projectDir } from "./session.ts";
import { stacksWithSettings } from "./stack-file.ts";

/** `./machine pulumi ARGUMENT…`: any Pulumi command, with the environment of the stack that it names, if any. */
export async function plainPulumi(args: readonly string[]): Promise<number> {
  const stack = stackOf(args);
  const known = stack !== undefined && stacksWithSettings(projectDir).includes(stack);
  const toolchain = known ? (await openUnchecked(stack, false)).toolchain : await openToolchain();
  return pulumi(toolchain.pulumi, args);
}

/** The stack that the arguments, or else PULUMI_STACK, name. */
export function stackOf(args: readonly string[], env: NodeJS.ProcessEnv = process.env): string | undefined {
  const at = args.findIndex((arg) => arg === "--stack" || arg === "-s");
  const joined = args.find((arg) => /^(--stack|-s)=/.test(arg));
  return (at === -1 ? joined?.replace(/^[^=]*=/, "") : args[at + 1]) ?? env.PULUMI_STACK;
}
