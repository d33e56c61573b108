import type { StackCaller } from "./caller.ts";
import { tellUpdate, wholeState } from "./cut-off.ts";
import { assertEngine } from "./engine.ts";
import { showPulumi } from "./pulumi.ts";
import { assertSecrets } from "./secrets.ts";
import { openUnchecked, startedBy } from "./session.ts";

/** `./machine preview STACK`: what differs on this machine. Gives Pulumi's exit code. */
export async function preview(caller: StackCaller, options: readonly string[]): Promise<number> {
  const state = wholeState(caller);
  tellUpdate(caller);
  const opened = await openUnchecked({ ...caller, state });
  // Pulumi's docker plugin would wait for ever for one that takes its questions and never answers.
  await assertEngine({ ...opened, startedBy: startedBy(opened) });
  const args = ["preview", "--suppress-outputs", "--stack", caller.stack, ...options];
  const code = await showPulumi(opened, args, { brief: true });
  if (code !== 0) {
    // Pulumi's own check of a configuration tells one fault at a time.
    const { readSettings } = await import("./stack-settings.ts");
    readSettings(caller);
    await assertSecrets(opened);
  }
  return code;
}
