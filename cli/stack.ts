import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { project } from "../configuration.ts";
import { Problem } from "../provision/problem.ts";
import { quietPulumi } from "./pulumi.ts";

/** Makes the stack in the backend where it is not there yet, for a settings file can come with the checkout. */
export async function ensureStack(executable: string, stack: string): Promise<void> {
  if (isInFiles(stack)) return;
  const made = await quietPulumi(executable, ["stack", "init", stack, "--no-select"]);
  if (made.code !== 0 && !/already exists/.test(made.stderr)) {
    throw new Problem(`stack ${stack} could not be made:\n${made.stderr.trim()}`);
  }
}

/** Whether a backend of files holds the stack: asking Pulumi would take half a second. */
function isInFiles(stack: string): boolean {
  const backend = process.env.PULUMI_BACKEND_URL ?? "";
  if (!backend.startsWith("file:///")) return false;
  return existsSync(`${fileURLToPath(backend)}/.pulumi/stacks/${project}/${stack}.json`);
}
