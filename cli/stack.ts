import { Problem } from "../lib/problem.ts";
import { quietPulumi } from "./pulumi.ts";
import { projectDir } from "./session.ts";
import { stacksInFiles } from "./stack-record.ts";

/** Makes the stack in the backend where it is not there yet. */
export async function ensureStack(executable: string, stack: string): Promise<void> {
  if (stacksInFiles(projectDir)?.includes(stack)) return;
  const made = await quietPulumi(executable, ["stack", "init", stack, "--no-select"]);
  if (made.code !== 0 && !/already exists/.test(made.stderr)) {
    throw new Problem(`stack ${stack} could not be made:\n${made.stderr.trim()}`);
  }
}
