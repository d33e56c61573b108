import { pulumi } from "./pulumi.ts";
import { openForPulumi, openToolchain, projectDir } from "./session.ts";
import { stacksWithSettings } from "./stack-file.ts";

/** `./machine pulumi ARGUMENT…`: any Pulumi command, with the environment of the stack that it names, if any. */
export async function plainPulumi(args: readonly string[]): Promise<number> {
  const stack = stackOf(args);
  const known = stack !== undefined && stacksWithSettings(projectDir).includes(stack);
  const toolchain = known ? await openForPulumi(stack, worksOn(args)) : await openToolchain();
  return pulumi(toolchain.pulumi, args);
}

/** Whether a command of Pulumi works on what a stack has made. */
function worksOn([command = "", ...options]: readonly string[]): boolean {
  const isHelp = options.some((option) => option === "--help" || option === "-h");
  return !isHelp && ["up", "update", "preview", "refresh", "destroy", "down"].includes(command);
}

/** The stack that the arguments, or else PULUMI_STACK, name. */
export function stackOf(args: readonly string[], env: NodeJS.ProcessEnv = process.env): string | undefined {
  const at = args.findIndex((arg) => arg === "--stack" || arg === "-s");
  const joined = args.find((arg) => /^(--stack|-s)=/.test(arg));
  return (at === -1 ? joined?.replace(/^[^=]*=/, "") : args[at + 1]) ?? env.PULUMI_STACK;
}
