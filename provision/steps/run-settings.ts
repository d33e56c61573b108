import { statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { readText } from "../../lib/files.ts";
import { readAssignments } from "./assignments.ts";

/** Where a run's variable comes from. */
export type Origin = { readonly exported: true } | { readonly file: string; readonly line: number };

/** A variable of a run. Its value may be a secret. */
export interface RunVariable {
  readonly value: string;
  readonly origin: Origin;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables that a run of CooperBench would have: those that the environment exports, then those of each `.env` that
 * its packages load, in their order. Only looks, at a handful of files.
 *
 * @param folder of the checkout.
 */
export function variablesOfRun(folder: string, environment: Environment): ReadonlyMap<string, RunVariable> {
  const variables = new Map<string, RunVariable>();
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined) variables.set(name, { value, origin: { exported: true } });
  if (isDotenvDisabled(environment.PYTHON_DOTENV_DISABLED)) return variables;
  for (const file of filesOfRun(folder, environment)) {
    // Of two lines of a file the last one counts; of two files the first one.
    const ofFile = new Map(
      readAssignments(readText(file)).map(({ name, value, line }) => [
        name,
        { value, origin: { file, line } },
      ]),
    );
    for (const [name, variable] of ofFile) if (!variables.has(name)) variables.set(name, variable);
  }
  return variables;
}

/** Whether python-dotenv reads no file at all: `value` is that of PYTHON_DOTENV_DISABLED. */
export function isDotenvDisabled(value: string | undefined): boolean {
  return /^(1|true|t|yes|y)$/i.test(value ?? "");
}

/** Whether there is a file to read: a pipe, which is none, would never end. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The `.env` files that a run loads, in its order. Each package looks from its own folder upward, up to the first. */
function filesOfRun(folder: string, environment: Environment): readonly string[] {
  const own = resolve(folder);
  const cooperbench = ["src/cooperbench", "src", "."];
  const searches = [
    [join(agentConfigDir(environment))],
    // litellm
    ...((environment.LITELLM_MODE ?? "DEV") === "DEV" ? [[".venv", "."]] : []),
    ["src/cooperbench/runner", ...cooperbench],
    cooperbench,
  ];
  const found = searches.flatMap(
    (folders) => folders.map((path) => resolve(own, path, ".env")).find(isFile) ?? [],
  );
  return [...new Set(found)];
}

/** Where mini-swe-agent keeps the user's own settings. */
function agentConfigDir({ MSWEA_GLOBAL_CONFIG_DIR, XDG_CONFIG_HOME }: Environment): string {
  if (MSWEA_GLOBAL_CONFIG_DIR) return MSWEA_GLOBAL_CONFIG_DIR;
  return process.platform === "darwin"
    ? join(homedir(), "Library", "Application Support", "mini-swe-agent")
    : join(XDG_CONFIG_HOME || join(homedir(), ".config"), "mini-swe-agent");
}

/** An origin in words. */
export function told(origin: Origin): string {
  return "file" in origin ? `${origin.file}:${origin.line}` : "exported in this environment";
}

/** The command or the edit that takes a variable away. */
export function removal(name: string, origin: Origin): string {
  return "file" in origin ? `remove its line in ${origin.file}` : `unset ${name}`;
}
