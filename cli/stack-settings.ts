import { resolve } from "node:path";
import type { Fault } from "../lib/remedy.ts";
import type { RawConfiguration } from "../program/configuration.ts";
import { oldNames } from "../program/old-names.ts";
import {
  fields,
  givenTwice,
  type OfFile,
  parseSettings,
  type Settings,
  type SettingsPlaces,
} from "../program/settings.ts";
import { dockerHostOf } from "../provision/engine/host.ts";
import { backendUrl } from "./backend.ts";
import type { StackPlace } from "./caller.ts";
import { usualSettings } from "./rehearsal.ts";
import { type Lined, misfit, type ProjectYaml, type StackYaml } from "./settings-yaml.ts";
import {
  configurationOf,
  readProjectFile,
  readStackFile,
  type SettingsPlace,
  settingsFile,
} from "./stack-file.ts";
import { recordInFiles } from "./stack-record.ts";
import { stateFiles } from "./state-files.ts";

/** A stack, and the variables that say which backend it has, where they are known. */
type CheckedPlace = SettingsPlace & Partial<Pick<StackPlace, "env">>;

/** A stack's settings, checked before anything is started; so the image lock file, which may yet be made, is left. */
export function readSettings(place: CheckedPlace): Settings {
  return checked(place);
}

/** The same with the image lock file read, as the program reads it. */
export function readLockedSettings(place: CheckedPlace): Settings {
  return checked(place, {
    file: (file) => resolve(place.projectDir, file),
    engine: (setting) => dockerHostOf(setting, place.env),
  });
}

function checked(place: CheckedPlace, places?: SettingsPlaces): Settings {
  const yaml = readStackFile(place);
  const project = readProjectFile(place.projectDir);
  return parseSettings(
    place.stack,
    configurationOf(yaml, project),
    places,
    fileFaults(place, yaml, project.types),
  );
}

/** What Pulumi refuses of a settings file before it starts the program, or makes the program fail. */
function fileFaults(
  place: CheckedPlace,
  { values, given, environment, disabledProviders }: StackYaml,
  types: ProjectYaml["types"],
): OfFile {
  const file = settingsFile(place.projectDir, place.stack);
  const misfits = Object.entries(given).flatMap(([key, value]) => {
    const declared = types[key];
    const got = declared && misfit(declared, value);
    return got === undefined ? [] : [[key, got] as const];
  });
  const lineFault = ({ line }: Lined, what: string): Fault => ({
    found: `${file}, line ${line}: ${what}`,
    remedies: { advice: `take line ${line} out of ${file}` },
  });
  const others: Fault[] = Object.entries(oldNames).flatMap(([old, name]) =>
    old in values && name in values ? [givenTwice(place.stack, old)] : [],
  );
  const backend = place.env && backendUrl(place.env);
  if (environment !== undefined && backend !== undefined && !/^https?:/.test(backend))
    others.push(
      lineFault(
        environment,
        `environment: got ${environment.text}; environments need Pulumi Cloud, but the backend is ${backend}`,
      ),
    );
  if (disabledProviders !== undefined && disables(disabledProviders.text))
    others.push(
      lineFault(
        disabledProviders,
        `pulumi:disable-default-providers: got ${disabledProviders.text}; want a list without docker, command and "*", which the program needs`,
      ),
    );
  return { misfits: Object.fromEntries(misfits), others, usual: usualOf(place, values) };
}

/**
 * Good values of a stack that are others than the defaults: those of its kind, and its id where what is given is none.
 *
 * @param of what says of which kind it is. Default: what is given.
 */
export function usualOf(
  place: CheckedPlace,
  given: RawConfiguration,
  of = given,
): Readonly<Record<string, unknown>> {
  const { env } = place;
  const isWrong = !fields.stackId.schema.safeParse(given.stackId ?? "").success;
  const id = isWrong && env !== undefined ? idInFiles({ ...place, env }) : undefined;
  return { ...(id === undefined ? {} : { stackId: id }), ...usualSettings(of) };
}

/** The id that a stack's state has; undefined where there is none, or it is in no files that can be read. */
function idInFiles(place: StackPlace): string | undefined {
  try {
    const files = stateFiles(place);
    const record = files && recordInFiles(place.stack, files);
    return record?.kind === "made" ? record.identity?.id : undefined;
  } catch {
    return undefined; // what is wrong with it is for others to tell
  }
}

/** Whether a list of providers that are not to be used has one that the program needs, or is none that Pulumi reads. */
function disables(text: string): boolean {
  try {
    const list: unknown = JSON.parse(text);
    return !Array.isArray(list) || list.some((name) => ["docker", "command", "*"].includes(String(name)));
  } catch {
    return text !== "";
  }
}
