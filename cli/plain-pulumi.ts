import { clearGoneLocks } from "./cut-off.ts";
import { stackOf } from "./named-stack.ts";
import { pulumi } from "./pulumi.ts";
import { takesLock } from "./pulumi-process.ts";
import { openForPulumi, openToolchain, projectDir } from "./session.ts";
import { stacksWithSettings } from "./stack-file.ts";

/** `./machine pulumi ARGUMENT…`: any Pulumi command, with the environment of the stack that it names, if any. */
export async function plainPulumi(args: readonly string[]): Promise<number> {
  const stack = stackOf(args);
  const known = stack !== undefined && stacksWithSettings(projectDir).includes(stack);
  const toolchain = known ? await openForPulumi(stack, worksOn(args)) : await openToolchain();
  // Of the others Pulumi itself tells.
  if (known && takesLock(args)) await clearGoneLocks(stack);
  return pulumi(toolchain.pulumi, args);
}

/** Whether a command of Pulumi works on what a stack has made. */
function worksOn([command = "", ...options]: readonly string[]): boolean {
  const isHelp = options.some((option) => option === "--help" || option === "-h");
  return !isHelp && ["up", "update", "preview", "refresh", "destroy", "down"].includes(command);
}
