import { resolve } from "node:path";
import { runsOf } from "../program/runs.ts";
import { SettingsError } from "../program/settings.ts";
import { ownerOf, stackIdIn } from "../program/stack-id.ts";
import { wholeStackVariable } from "../provision/ownership/holder.ts";
import { projectDir } from "./session.ts";
import { readConfiguration } from "./stack-file.ts";
import { report } from "./terminal.ts";

/** Whether a destroy with these options is of the whole stack. */
export const isWhole = (options: readonly string[]) =>
  !options.some((option) => /^(-t|--target|--exclude|--preview-only|--dry-run)/.test(option));

/** Has the commands that a destroy runs know that the whole stack goes. */
export function announceDestroy(stack: string): void {
  process.env[wholeStackVariable] = stackIdIn(readConfiguration(projectDir, stack)) ?? "";
}

/** After a destroy: removes what the stack's state did not know, since an update was cut off. */
export async function sweepStack(stack: string): Promise<void> {
  const [{ readSettings }, { sweep }] = await Promise.all([
    import("./stack-settings.ts"),
    import("../provision/ownership/sweep.ts"),
  ]);
  try {
    const settings = readSettings(projectDir, stack);
    const folder = resolve(projectDir, settings.cooperbenchDir);
    await sweep(folder, ownerOf(stack, settings), runsOf(settings).smoke, report);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error; // what it has made is not known by faulty settings
  }
}
