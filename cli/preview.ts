import { pulumi } from "./pulumi.ts";
import { openSession } from "./session.ts";
import { ensureStack } from "./stack.ts";

/** `./machine preview STACK`: what differs on this machine. Gives Pulumi's exit code. */
export async function preview(stack: string, options: readonly string[]): Promise<number> {
  const { toolchain } = await openSession(stack);
  await ensureStack(toolchain.pulumi, stack);
  return pulumi(toolchain.pulumi, ["preview", "--suppress-outputs", "--stack", stack, ...options], true);
}
