import { machine } from "../lib/remedy.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import type { Caller } from "./caller.ts";
import { assertNoneRuns, clearGoneLocks } from "./cut-off.ts";
import { ownerIn } from "./identity.ts";
import { liveRun, runInTheWay } from "./live-runs.ts";
import { stackOf } from "./named-stack.ts";
import { isPreview } from "./operation.ts";
import { showPulumi } from "./pulumi.ts";
import { takesLock } from "./pulumi-process.ts";
import { type Opened, openForPulumi, openToolchain } from "./session.ts";
import { stacksWithSettings } from "./stack-file.ts";

/** `./machine pulumi ARGUMENT…`: any Pulumi command, with the environment of the stack that it names, if any. */
export async function plainPulumi(args: readonly string[], caller: Caller): Promise<number> {
  const stack = stackOf(args, caller.env);
  if (stack === undefined || !stacksWithSettings(caller.projectDir).includes(stack))
    return showPulumi(await openToolchain(caller), args);
  const [command] = wordsOf(args);
  const isConfig = command === "config";
  if (command === "cancel") assertNoneRuns({ ...caller, stack });
  const opened = await openForPulumi({ ...caller, stack }, worksOn(args), isConfig);
  await assertRunKeeps(opened, args);
  // Of the others Pulumi itself tells.
  if (takesLock(args)) await clearGoneLocks(opened);
  return showPulumi(opened, args);
}

/** Commands of Pulumi that work on what a stack has made, or change its state. With `stack import` a lost one comes back. */
const working = ["up", "update", "preview", "refresh", "destroy", "down", "dn", "import", "state"];
const workingOfStack = ["rm", "remove", "rename", "change-secrets-provider"];

/** Whether a command of Pulumi works on what a stack has made, or changes what its state knows of that. */
export function worksOn(args: readonly string[]): boolean {
  const [command = "", verb = ""] = wordsOf(args);
  const isHelp = args.some((arg) => arg === "--help" || arg === "-h");
  return !isHelp && (working.includes(command) || (command === "stack" && workingOfStack.includes(verb)));
}

/** Commands of Pulumi that may take environment and services away from a run, and this project's own, which look first. */
const ours: Readonly<Record<string, "up" | "destroy">> = {
  up: "up",
  update: "up",
  destroy: "destroy",
  down: "destroy",
  dn: "destroy",
};

/** @throws a Problem where a run goes on, and a command of Pulumi may take something away from it. */
async function assertRunKeeps(opened: Opened, args: readonly string[]): Promise<void> {
  const [command = ""] = wordsOf(args);
  const own = ours[command];
  if (own === undefined || !worksOn(args) || isPreview(command, args)) return;
  const folder = checkoutFolder(opened.projectDir, opened.configuration);
  const run = await liveRun({ ...opened, owner: ownerIn(opened), folder });
  if (run !== undefined) throw runInTheWay(run, "might lose it", machine(own, opened.stack));
}

/** The arguments that are no options, nor the stack that one names. */
function wordsOf(args: readonly string[]): readonly string[] {
  const isValue = (at: number) => ["--stack", "-s"].includes(args[at - 1] ?? "");
  return args.filter((arg, at) => !arg.startsWith("-") && !isValue(at));
}
