import { resolve } from "node:path";
import { parseSettings, type Settings } from "../program/settings.ts";
import { readConfiguration, type SettingsPlace } from "./stack-file.ts";

/** A stack's settings, checked before anything is started; so the image lock file, which may yet be made, is left. */
export function readSettings(place: SettingsPlace): Settings {
  return parseSettings(place.stack, readConfiguration(place));
}

/** The same with the image lock file read, as the program reads it. */
export function readLockedSettings(place: SettingsPlace): Settings {
  return parseSettings(place.stack, readConfiguration(place), (file) => resolve(place.projectDir, file));
}
