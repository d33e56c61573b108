import { resolve } from "node:path";
import type { Environment } from "../lib/environment.ts";
import { runsOf } from "../program/runs.ts";
import { SettingsError } from "../program/settings.ts";
import { ownerOf, stackIdIn } from "../program/stack-id.ts";
import { wholeStackVariable } from "../provision/ownership/holder.ts";
import type { Opened } from "./session.ts";

/** Whether a destroy with these options is of the whole stack. */
export const isWhole = (options: readonly string[]) =>
  !options.some((option) => /^(-t|--target|--exclude|--preview-only|--dry-run)/.test(option));

/** Has the commands that a destroy runs know that the whole stack goes. */
export function wholeStackEnv({ configuration }: Opened): Environment {
  return { [wholeStackVariable]: stackIdIn(configuration) ?? "" };
}

/** After a destroy: removes what the stack's state did not know, since an update was cut off. */
export async function sweepStack({ stack, projectDir, output }: Opened): Promise<void> {
  const [{ readSettings }, { sweep }] = await Promise.all([
    import("./stack-settings.ts"),
    import("../provision/ownership/sweep.ts"),
  ]);
  try {
    const settings = readSettings({ stack, projectDir });
    const folder = resolve(projectDir, settings.cooperbenchDir);
    await sweep(folder, ownerOf(stack, settings), runsOf(settings).smoke, output.report);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error; // what it has made is not known by faulty settings
  }
}
