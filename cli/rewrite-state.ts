import { Problem } from "../lib/problem.ts";
import { stampOf } from "../toolchain/record.ts";
import { takeOver } from "./cut-off.ts";
import { quietPulumi } from "./pulumi.ts";
import type { Opened } from "./session.ts";
import { stateFiles } from "./state-files.ts";

/**
 * Has Pulumi write a stack's state again, which drops what is pending in it. Its secrets stay encrypted on the way.
 *
 * @param change of the exported state. Default: none.
 * @throws a Problem where the state cannot be exported or imported, or another command has changed it meanwhile.
 */
export async function rewriteState(
  opened: Opened,
  change: (exported: string) => string = (exported) => exported,
): Promise<void> {
  const { pulumi, stack } = opened;
  const fails = (said: string) =>
    new Problem(`the state of stack ${stack} could not be written:\n${said.trim()}`, {
      advice: "run the same command again",
    });
  const files = stateFiles(opened);
  // What an update that has begun meanwhile writes must not be written over.
  await takeOver(opened);
  const before = files && stampOf(files.state);
  const exported = await quietPulumi(pulumi, ["stack", "export", "--stack", stack]);
  if (exported.code !== 0) throw fails(exported.stderr);
  await takeOver(opened);
  if (before !== (files && stampOf(files.state))) throw fails("another command has just changed it");
  const imported = await quietPulumi(pulumi, ["stack", "import", "--stack", stack], {
    input: change(exported.stdout),
  });
  if (imported.code !== 0) throw fails(imported.stderr);
}
