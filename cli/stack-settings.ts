import { resolve } from "node:path";
import { parseSettings, type Settings } from "../program/settings.ts";
import { readConfiguration } from "./stack-file.ts";

/** A stack's settings, checked before anything is started; so the image lock file, which may yet be made, is left. */
export function readSettings(projectDir: string, stack: string): Settings {
  return parseSettings(stack, readConfiguration(projectDir, stack));
}

/** The same with the image lock file read, as the program reads it. */
export function readLockedSettings(projectDir: string, stack: string): Settings {
  return parseSettings(stack, readConfiguration(projectDir, stack), (file) => resolve(projectDir, file));
}
