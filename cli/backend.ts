import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { Environment } from "../lib/environment.ts";
import { readText } from "../lib/files.ts";
import { Problem } from "../lib/problem.ts";
import { dataFolder } from "../lib/xdg.ts";
import { credentialsFolder } from "../toolchain/variables.ts";

/**
 * Where state and secrets are kept: a backend that the user has set or is logged in to, else files in the data
 * folder. Secrets that are encrypted with a passphrase use the stack's own passphrase file, else the user's own
 * setting, else a file of mode 0600 in the data folder, made here on first use.
 *
 * @param passphraseFile the stack's own, absolute; empty where it has none.
 * @param wasMade whether that file, where it is not there, was there before: another is not made then.
 * @returns the variables for Pulumi; undefined takes one away.
 */
export function backendEnv(
  passphraseFile: string,
  env: Environment,
  wasMade: () => boolean = () => false,
): Environment {
  const state = stateEnv(env);
  if (state.PULUMI_BACKEND_URL !== undefined) makeFolder(stateDir(env));
  const passphrase = passphraseEnv(passphraseFile, env);
  const own = ownPassphrase(env);
  if (passphrase.PULUMI_CONFIG_PASSPHRASE_FILE === own && !existsSync(own) && !wasMade()) makePassphrase(own);
  return { ...state, ...passphrase };
}

/** The part of `backendEnv` that says where the state is. Makes nothing. */
export function stateEnv(env: Environment): { PULUMI_BACKEND_URL?: string } {
  if (env.PULUMI_BACKEND_URL || isLoggedIn(env)) return {};
  return { PULUMI_BACKEND_URL: ownBackend(env) };
}

/** Whether there can be a state: the data folder has none before the first command that works on a stack. */
export function isStateMade(env: Environment): boolean {
  const { PULUMI_BACKEND_URL } = { ...env, ...stateEnv(env) };
  return PULUMI_BACKEND_URL !== ownBackend(env) || existsSync(stateDir(env));
}

/** Whether the state is in the data folder, where `./machine` alone keeps it: what is there is its own to tidy. */
export function isOwnBackend(env: Environment): boolean {
  return backendUrl(env) === ownBackend(env);
}

/** The backend that Pulumi speaks to, as a URL: PULUMI_BACKEND_URL, the user's login, else the data folder's. */
export function backendUrl(env: Environment): string {
  if (env.PULUMI_BACKEND_URL) return env.PULUMI_BACKEND_URL;
  return loginOf(env) ?? (env.PULUMI_ACCESS_TOKEN ? "https://api.pulumi.com" : ownBackend(env));
}

/**
 * The folder of a backend of files, absolute, as Pulumi finds it; undefined for another backend.
 *
 * @param projectDir that Pulumi runs in.
 * @param url of the backend, as `backendUrl` gives it.
 */
export function backendFolder(projectDir: string, url: string): string | undefined {
  const [path = "", prefix] = url.split("?")[0]?.split("file://").toReversed() ?? [];
  if (prefix !== "") return undefined;
  const home = /^~(\/|$)/.test(path) ? join(homedir(), path.slice(1)) : path;
  const folder = isAbsolute(home) ? home : resolve(projectDir, home);
  try {
    return decodeURIComponent(folder);
  } catch {
    return undefined; // Pulumi does not take it either
  }
}

function ownBackend(env: Environment): string {
  return `file://${stateDir(env)}`;
}

function stateDir(env: Environment): string {
  return join(dataFolder(env), "state");
}

function isLoggedIn(env: Environment): boolean {
  return Boolean(env.PULUMI_ACCESS_TOKEN) || loginOf(env) !== undefined;
}

function loginOf(env: Environment): string | undefined {
  const file = join(credentialsFolder(env), "credentials.json");
  if (!existsSync(file)) return undefined;
  return currentIn(readText(file), file) || undefined;
}

function currentIn(text: string, file: string): string | undefined {
  try {
    return (JSON.parse(text) as { current?: string } | null)?.current;
  } catch {
    // A parser's message may quote the text, tokens and all.
    throw new Problem(`${file}, Pulumi's login, is not JSON`, {
      command: ["rm", file],
      when: "log in again after that, if you were logged in",
    });
  }
}

/**
 * The part of `backendEnv` that says where the passphrase is. Makes nothing.
 *
 * @param ofStack the stack's own file, absolute; empty where it has none.
 */
export function passphraseEnv(ofStack: string, env: Environment): Environment {
  if (ofStack !== "") return { PULUMI_CONFIG_PASSPHRASE: undefined, PULUMI_CONFIG_PASSPHRASE_FILE: ofStack };
  if (env.PULUMI_CONFIG_PASSPHRASE !== undefined || env.PULUMI_CONFIG_PASSPHRASE_FILE) return {};
  return { PULUMI_CONFIG_PASSPHRASE_FILE: ownPassphrase(env) };
}

/** The file of the user's own passphrase, where nothing else says where it is. */
export function ownPassphrase(env: Environment): string {
  return resolve(dataFolder(env), "passphrase");
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const why = (error as Error).message;
    throw new Problem(
      `${folder}, where this user's state is kept, cannot be made (${why})`,
      { command: ["export", "XDG_DATA_HOME=FOLDER"], when: "to use a folder that you may write in" },
      { cause: error },
    );
  }
}

function makePassphrase(file: string): void {
  makeFolder(dirname(file));
  try {
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another run made it just now
  }
}
