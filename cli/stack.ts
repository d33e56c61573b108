import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { type Pulumi, quietPulumi } from "./pulumi.ts";
import { stacksInFiles } from "./stack-record.ts";

/** Makes the stack in the backend where it is not there yet. */
export async function ensureStack(pulumi: Pulumi, stack: string): Promise<void> {
  if (stacksInFiles(pulumi)?.includes(stack)) return;
  const made = await quietPulumi(pulumi, ["stack", "init", stack, "--no-select"]);
  if (made.code !== 0 && !/already exists/.test(made.stderr)) {
    throw new Problem(`stack ${stack} could not be made:\n${made.stderr.trim()}`, machine("doctor", stack));
  }
}
