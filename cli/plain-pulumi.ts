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

/** Commands of Pulumi that work on what a stack has made, or change its state. With `stack import` a lost one comes back. */
const working = ["up", "update", "preview", "refresh", "destroy", "down", "import", "state"];
const workingOfStack = ["rm", "remove", "rename", "change-secrets-provider"];

/** Whether a command of Pulumi works on what a stack has made, or changes what its state knows of that. */
export function worksOn(args: readonly string[]): boolean {
  const isValue = (at: number) => ["--stack", "-s"].includes(args[at - 1] ?? "");
  const [command = "", verb = ""] = args.filter((arg, at) => !arg.startsWith("-") && !isValue(at));
  const isHelp = args.some((arg) => arg === "--help" || arg === "-h");
  return !isHelp && (working.includes(command) || (command === "stack" && workingOfStack.includes(verb)));
}
