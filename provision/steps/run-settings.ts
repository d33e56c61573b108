/** What a run of CooperBench would have of variables: what is exported, and what its packages load of `.env` files. */
import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Variables } from "../../benchmark/model.ts";
import { environmentFor } from "../../lib/environment.ts";
import { readBytes } from "../../lib/files.ts";
import type { Remedy } from "../../lib/remedy.ts";
import { isSameUrl } from "../../lib/url.ts";
import { type DotenvSeen, unreadable } from "./dotenv.ts";
import { parseDotenv, textOf, withoutBlocks } from "./dotenv-block.ts";
import { type Origin, type RunRead, type RunVariable, readRun, type Search } from "./dotenv-reader.ts";
import { venvPython } from "./venv-python.ts";

export type { Origin } from "./dotenv-reader.ts";

/** Variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Names of what decides the route. */
const ofRoute = "^(COHERE_API_|CO_API_KEY$|AZURE_OPENAI_)";

/**
 * Names of what decides a run beside the route: the engine, what starts a container, limits of calls and cost, litellm's own
 * ways. Not LITELLM_LOG, which the update writes, and what only spares litellm a download.
 */
export const ofRun =
  "^(DOCKER_|MSWEA_(DOCKER_EXECUTABLE|GLOBAL_(CALL|COST)_LIMIT|CONFIG_DIR|MODEL_RETRY_)|LITELLM_(?!LOG$|LOCAL_MODEL_COST_MAP$)|PYTHON_DOTENV_DISABLED$)";

// A line that has no such name in it assigns none: python-dotenv knows no escapes in names.
const tellsOfRun =
  /CO_API_KEY|AZURE_OPENAI_|DOCKER_|MSWEA_(?:DOCKER|GLOBAL|CONFIG_DIR|MODEL_RETRY)|LITELLM_(?!(?:LOG|LOCAL_MODEL_COST_MAP)\b)|PYTHON_DOTENV/;
const tells = new RegExp(`COHERE_API_|${tellsOfRun.source}`);

/** What a run would have, and how that is known. */
export interface RunSeen extends RunRead {
  /** Whether python-dotenv was asked: else only what is exported is in it, and what a file could say is known. */
  readonly isAsked: boolean;
  /** A file that may say something, and was not read, because there is no Python to ask. */
  readonly unasked?: string | undefined;
}

/**
 * The variables that a run would have. Only looks. python-dotenv is asked where a file may say something that is not known:
 * the checkout's `.env` has changed since it was written, or a line that is not the update's has one of the names.
 *
 * @param folder of the checkout.
 * @param dotenv what is seen of its `.env`.
 * @param wanted variables that a run is to have of its `.env`.
 * @param also what others are compared with, such as the engine.
 * @param abort ends the question.
 */
export async function variablesOfRun(
  folder: string,
  dotenv: DotenvSeen,
  wanted: Variables,
  also: Variables,
  environment: Environment,
  abort?: AbortSignal,
): Promise<RunSeen> {
  const own = resolve(folder, ".env");
  const searches = searchesOf(folder, environment);
  const isDev = (environment.LITELLM_MODE ?? "DEV") === "DEV";
  const heeded = searches.filter(({ isOfLitellm }) => isDev || !isOfLitellm);
  const files = [...new Set(heeded.flatMap((search) => search.files.find(isFile) ?? []))];
  const isProved = dotenv.fault === undefined && dotenv.read === dotenv.hash;
  const telling = files.find((file) => mayTell(file, file === own && isProved));
  const isKnown =
    (isProved ? files.includes(own) : !isFile(own)) &&
    telling === undefined &&
    environment.PYTHON_DOTENV_DISABLED === undefined;
  if (isKnown || !existsSync(venvPython(folder))) {
    const variables = exportedOnes({ ...also, ...wanted }, environment);
    return { own: null, variables, failed: null, isAsked: false, unasked: isKnown ? undefined : telling };
  }
  const asked = { searches, own, wanted, also, names: `${ofRoute}|${ofRun}` };
  const options = { env: environmentFor("run", environment), ...(abort && { abort }) };
  return { ...(await readRun(folder, asked, options)), isAsked: true };
}

/**
 * Whether a file may have one of the names in a line, or cannot be read.
 *
 * @param isProved whether python-dotenv is known to read the update's lines of it as they are.
 */
function mayTell(file: string, isProved: boolean): boolean {
  const bytes = readBytes(file);
  if (unreadable(bytes) !== undefined) return true;
  return isProved ? tellsOfRun.test(withoutBlocks(parseDotenv(textOf(bytes)))) : tells.test(textOf(bytes));
}

function exportedOnes(wanted: Variables, environment: Environment): Readonly<Record<string, RunVariable>> {
  const names = new RegExp(`${ofRoute}|${ofRun}`);
  const entries = Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && (Object.hasOwn(wanted, name) || names.test(name))
      ? [
          [
            name,
            {
              origin: { exported: true },
              isSame: isSame(name, value, wanted[name]),
              isBlank: value.trim() === "",
            } as const,
          ] as const,
        ]
      : [],
  );
  return Object.fromEntries(entries);
}

/** Whether a variable has the wanted value. What is a URL may be spelt otherwise. */
function isSame(name: string, value: string, wanted: string | undefined): boolean {
  if (wanted === undefined || !name.endsWith("_API_BASE")) return value === wanted;
  return isSameUrl(value, wanted);
}

/** Whether there is a file to read: a pipe, which is none, would never end. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Where a run looks for `.env` files, in its order. Each package looks from its own folder upward, up to the first. */
function searchesOf(folder: string, environment: Environment): readonly Search[] {
  const own = resolve(folder);
  const cooperbench = ["src/cooperbench", "src", "."];
  const at = (folders: readonly string[], isOfLitellm = false) => ({
    files: folders.map((path) => resolve(own, path, ".env")),
    isOfLitellm,
  });
  return [
    at([agentConfigDir(environment)]),
    at([".venv", "."], true),
    at(["src/cooperbench/runner", ...cooperbench]),
    at(cooperbench),
  ];
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

/** Takes a variable away. */
export function removal(name: string, origin: Origin): Remedy {
  return "file" in origin
    ? { advice: `remove the line of ${name} in ${origin.file}` }
    : { command: ["unset", name] };
}
