import { parseSettings, type Settings } from "../settings.ts";
import { readConfiguration } from "./stack-file.ts";

/** A stack's settings, checked before Pulumi is started. The image lock file is left to the program. */
export function readSettings(projectDir: string, stack: string): Settings {
  return parseSettings(stack, readConfiguration(projectDir, stack));
}
