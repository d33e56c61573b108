/**
 * The passphrase that the secrets of settings and state are encrypted with: where it is, and whether it was lost. Another
 * one in its place would read nothing of what is there, so it is not made.
 */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Problem } from "../lib/problem.ts";
import { type Fault, machine, type Remedy } from "../lib/remedy.ts";
import { backendUrl, isOwnBackend, ownPassphrase, passphraseEnv } from "./backend.ts";
import type { Caller, StackPlace } from "./caller.ts";
import type { StackYaml } from "./settings-yaml.ts";
import { hasSettingsFile, readStackFile, stackConfigurations } from "./stack-file.ts";
import { stacksInFiles } from "./stack-record.ts";
import { findState, stateFile, stateFiles } from "./state-files.ts";

/** A passphrase as Pulumi finds it. */
export interface Passphrase {
  /** Undefined where it cannot be read. */
  readonly text: string | undefined;
  /** The variable or the file that has it; where it cannot be read, why. */
  readonly from: string;
  /** Who says where it is: the variable with itself, the stack's settings, the variable with a file, or nobody. */
  readonly by: "variable" | "stack" | "fileVariable" | "default";
}

/** Reads the passphrase of a stack. */
export function readPassphrase(
  { values }: Pick<StackYaml, "values">,
  { env, projectDir }: Pick<StackPlace, "env" | "projectDir">,
): Passphrase {
  const ofStack = String(values.passphraseFile ?? "");
  const { PULUMI_CONFIG_PASSPHRASE: text, PULUMI_CONFIG_PASSPHRASE_FILE: named = "" } = {
    ...env,
    ...passphraseEnv(ofStack === "" ? "" : resolve(projectDir, ofStack), env),
  };
  if (text !== undefined) return { text, from: "PULUMI_CONFIG_PASSPHRASE", by: "variable" };
  const file = resolve(projectDir, named);
  const byUser = file === ownPassphrase(env) ? "default" : "fileVariable";
  const by = ofStack === "" ? byUser : "stack";
  try {
    return { text: readFileSync(file, "utf8").trim(), from: named, by };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { text: undefined, from: code === "ENOENT" ? `there is no ${file}` : message, by };
  }
}

/** That a passphrase cannot be read. */
export function unreadPassphrase({ from, by }: Passphrase, { stack, env }: StackPlace): Fault {
  const isGone = by === "default" && !existsSync(ownPassphrase(env));
  const another = {
    command: ["install", "-D", "-m", "600", "/proc/sys/kernel/random/uuid", ownPassphrase(env)],
    when: "if it is lost for good, to make another; what the old one has encrypted is told then",
  };
  return {
    found: `the passphrase of the secrets cannot be read: ${from}`,
    remedies: [
      { advice: "restore that file" },
      // A stack's own file comes before the variable.
      by === "stack"
        ? {
            ...machine("set", stack, "passphraseFile", "--default"),
            when: "if the user's own passphrase is the right one",
          }
        : nameFile(stack, by, "to name the one that has the passphrase"),
      ...(isGone ? [ofVariable, another] : []),
    ],
  };
}

/** What names another file for the passphrase. */
export function nameFile(stack: string, by: Passphrase["by"], when: string): Remedy {
  if (by === "stack") return { ...machine("set", stack, "passphraseFile", "FILE"), when };
  return { command: ["export", "PULUMI_CONFIG_PASSPHRASE_FILE=FILE"], when };
}

/** What helps where a stack was made with the variable, in a shell that had it. */
export const ofVariable: Remedy = {
  advice: "if PULUMI_CONFIG_PASSPHRASE was set where the stack was made, export it here too",
};

/** Throws a Problem where the passphrase of what is encrypted already cannot be read. */
export function assertPassphrase(place: StackPlace): void {
  const yaml = hasSettingsFile(place) ? readStackFile(place) : { values: {} };
  const passphrase = readPassphrase(yaml, place);
  const isNeeded = passphrase.by === "default" ? isPassphraseMade : isEncrypted;
  if (passphrase.text !== undefined || !isNeeded(place)) return;
  const { found, remedies } = unreadPassphrase(passphrase, place);
  throw new Problem(`${found}. Nothing was changed.`, remedies);
}

/**
 * Whether the user's own passphrase was made before: a stack is encrypted with it, or a state in the data folder is.
 *
 * @param stack that a command is for. Default: none.
 */
export function isPassphraseMade({
  stack,
  projectDir,
  env,
}: Pick<Caller, "projectDir" | "env"> & { readonly stack?: string }): boolean {
  const place = { projectDir, env };
  if (stack !== undefined && isEncrypted({ ...place, stack })) return true;
  if (!isOwnBackend(env)) return false;
  const withOther = stackConfigurations(projectDir)
    .filter(({ configuration }) => String(configuration.passphraseFile ?? "") !== "")
    .map((one) => one.stack);
  const others = stacksInFiles(place)?.filter((one) => !withOther.includes(one)) ?? [];
  return others.some((one) => encryptedState({ ...place, stack: one }) !== undefined);
}

/** Whether a passphrase has encrypted something of a stack. */
function isEncrypted(place: StackPlace): boolean {
  const yaml = hasSettingsFile(place) ? readStackFile(place) : undefined;
  if (yaml && otherDecrypter(yaml, place) !== undefined) return false;
  return yaml?.encryptionsalt !== undefined || encryptedState(place) !== undefined;
}

/** Who else than a passphrase decrypts, such as a key service or the backend itself; undefined for nobody. */
export function otherDecrypter(
  { secretsprovider, encryptionsalt }: StackYaml,
  { env }: StackPlace,
): string | undefined {
  if (secretsprovider !== undefined && !["passphrase", "default"].includes(secretsprovider))
    return secretsprovider;
  const backend = backendUrl(env);
  return encryptionsalt === undefined && /^https?:/.test(backend) ? backend : undefined;
}

/** The state of a stack that a passphrase has encrypted, with what `encryptionsalt` is to settings; undefined for none. */
export function encryptedState(
  place: StackPlace,
): { readonly file: string; readonly salt: string } | undefined {
  const files = stateFiles(place);
  const file = files && stateFile(files);
  if (file === undefined) return undefined;
  const state = place.state ?? findState(files as NonNullable<typeof files>);
  const { secrets_providers: by } = ((state.kind === "whole" && state.latest) ?? {}) as {
    readonly secrets_providers?: { readonly type?: unknown; readonly state?: { readonly salt?: unknown } };
  };
  const salt = by?.state?.salt;
  return by?.type === "passphrase" && typeof salt === "string" ? { file, salt } : undefined;
}
