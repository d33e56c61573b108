import { assertWholeState, tellUpdate } from "./cut-off.ts";
import { pulumi } from "./pulumi.ts";
import { openUnchecked, projectDir } from "./session.ts";

/** `./machine preview STACK`: what differs on this machine. Gives Pulumi's exit code. */
export async function preview(stack: string, options: readonly string[]): Promise<number> {
  assertWholeState(stack);
  tellUpdate(stack);
  const { toolchain } = await openUnchecked(stack);
  const args = ["preview", "--suppress-outputs", "--stack", stack, ...options];
  const code = await pulumi(toolchain.pulumi, args, true);
  if (code !== 0) {
    // Pulumi's own check of a configuration tells one fault at a time.
    const { readSettings } = await import("./stack-settings.ts");
    readSettings(projectDir, stack);
  }
  return code;
}
