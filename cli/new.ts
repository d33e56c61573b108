import { randomUUID } from "node:crypto";
import { chmodSync, lstatSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { newestVersion } from "../benchmark/known-faults.ts";
import { placeKey } from "../lib/place.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import { fields } from "../program/settings.ts";
import { checkFolder, DEFAULT_DIR, DIR_VARIABLE, rehearsalAt } from "../rehearsal/rehearsal.ts";
import type { Caller } from "./caller.ts";
import type { Given } from "./commands.ts";
import { askKey, keyFault, storeSecret } from "./model-key.ts";
import { assertPassphrase } from "./passphrase.ts";
import { rehearsalOf, rehearsalSettings } from "./rehearsal.ts";
import { openToolchain } from "./session.ts";
import { ensureStack } from "./stack.ts";
import {
  hasSettingsFile,
  readStackFile,
  settingsFile,
  stackConfigurations,
  writeSettings,
} from "./stack-file.ts";
import { readRecord } from "./stack-record.ts";
import type { Output } from "./terminal.ts";
import { conclude } from "./verdict.ts";

/** Stands for the model's key where none is used: nothing in a rehearsal calls a model. */
const placeholderKey = "placeholder-of-a-rehearsal";

/**
 * `./machine new STACK`: makes a stack and its settings file with the model's key in it, encrypted. The key comes
 * from a file, the environment or the terminal, and goes to Pulumi by standard input. The key is set last: a command that
 * was cut off before can be repeated.
 */
export async function newStack(
  { stack, keyFile, rehearsal: wanted }: Given["new"],
  caller: Caller,
): Promise<number> {
  const { projectDir, output } = caller;
  const file = settingsFile(projectDir, stack);
  // What a command that was cut off has begun; none otherwise.
  const begun = hasSettingsFile({ projectDir, stack }) ? readStackFile({ projectDir, stack }).values : {};
  if ("cohereApiKey" in begun)
    throw new Problem(`stack ${stack} already exists (${file})`, {
      ...machine("settings", stack),
      when: "to see its settings",
    });
  const usual = caller.env[DIR_VARIABLE] || `${DEFAULT_DIR}-${stack}`;
  const rehearsal = wanted === undefined ? undefined : rehearsalAt(wanted === true ? usual : wanted);
  if (rehearsal !== undefined)
    await checkFolder(rehearsal).catch((error: Error) => {
      if (error instanceof Problem) throw error;
      throw new Problem(error.message, {
        ...machine("new", stack, "--rehearsal", "FOLDER"),
        when: "to use another folder",
      });
    });
  if (rehearsal !== undefined && !Object.entries(rehearsalSettings(rehearsal)).every(isGood))
    throw new Problem(
      `the folder ${JSON.stringify(rehearsal.dir)} has spaces or other characters that a stack's settings cannot hold. Nothing was made.`,
      { ...machine("new", stack, "--rehearsal", "FOLDER"), when: "to use another folder" },
    );
  if (rehearsal === undefined && rehearsalOf({ configuration: begun, env: caller.env }) !== undefined)
    throw new Problem(
      `${file} belongs to a rehearsal that was begun and not finished. Nothing was made.`,
      machine("new", stack, "--rehearsal"),
    );
  const { from, key } = await readKey(keyFile, rehearsal !== undefined, caller);
  if (key === undefined)
    return conclude(output, {
      outcome: "interrupted",
      text: "nothing was made",
      next: machine("new", stack),
    });
  const fault = keyFault(key);
  if (fault !== undefined)
    throw new Problem(`${from} ${fault}. Nothing was made.`, {
      ...machine("new", stack, "--key-file", "FILE"),
      when: "put the key alone into a file, and name that",
    });

  const tools = await openToolchain({ ...caller, stack });
  assertPassphrase({ ...tools, stack });
  const { pulumi } = tools;
  if ((await readRecord({ ...tools, stack })).kind === "made")
    throw new Problem(
      `the backend already has a stack ${stack}, from another folder or without its ${file}. Nothing was made.`,
      { ...machine("new", "NAME"), when: "to use another name" },
    );
  writeSettings(projectDir, stack, {
    stackId: begun.stackId ?? randomUUID(),
    ...(begun.cooperbenchDir === undefined && folderSetting(projectDir, stack, rehearsal !== undefined)),
    ...(rehearsal === undefined
      ? begun.cooperbenchCommit === undefined && { cooperbenchVersion: newestVersion }
      : rehearsalSettings(rehearsal)),
  });
  await ensureStack(pulumi, stack);
  const trouble = await storeSecret(pulumi, stack, "cohereApiKey", key);
  if (trouble !== undefined)
    throw new Problem(`the key could not be stored:\n${trouble}`, {
      ...machine("new", stack),
      when: "run the same command again",
    });
  // What a link of the user's leads to keeps its mode.
  if (lstatSync(file).isFile()) chmodSync(file, 0o600);
  const { encryptionsalt } = readStackFile({ projectDir, stack });
  if (encryptionsalt !== undefined && tools.env.PULUMI_CONFIG_PASSPHRASE !== undefined)
    output.say(
      `the secrets of ${stack} are encrypted with PULUMI_CONFIG_PASSPHRASE of this shell: each later command needs it`,
    );
  output.print(
    `the settings are in ${file}, with ${key === placeholderKey ? "a placeholder for the key" : "the key in it encrypted"}\n` +
      (rehearsal === undefined ? "" : `its rehearsal is in ${rehearsal.dir}, from its first start on\n`) +
      `every setting has a default: ./machine settings ${stack} shows them\n`,
  );
  // A rehearsal is looked at once it runs.
  const next = machine(rehearsal === undefined ? "doctor" : "up", stack);
  return conclude(output, { outcome: "done", text: `made stack ${stack}`, next });
}

/** Whether later commands take a value of a setting. */
function isGood([setting, value]: readonly [string, unknown]): boolean {
  return fields[setting as keyof typeof fields].schema.safeParse(value).success;
}

/** A folder of its own for the checkout, unless it is the first stack here: two stacks cannot share a `.env`. */
function folderSetting(
  projectDir: string,
  stack: string,
  isRehearsal: boolean,
): Readonly<Record<string, string>> {
  const place = (of: { readonly cooperbenchDir?: unknown }) =>
    placeKey(projectDir, checkoutFolder(projectDir, of));
  const others = stackConfigurations(projectDir).filter((one) => one.stack !== stack);
  const isTaken = others.some(({ configuration }) => place(configuration) === join("repos", "CooperBench"));
  return isRehearsal || isTaken ? { cooperbenchDir: join("repos", stack, "CooperBench") } : {};
}

/** The key, and where it is from; without one where the question for it was interrupted. */
async function readKey(
  keyFile: string | undefined,
  isRehearsal: boolean,
  { env, output }: Caller,
): Promise<{ readonly from: string; readonly key: string | undefined }> {
  if (keyFile !== undefined) return { from: keyFile, key: await readKeyFile(keyFile, output) };
  if (isRehearsal) return { from: "the rehearsal", key: placeholderKey };
  if (env.COHERE_API_KEY) return { from: "the variable COHERE_API_KEY", key: env.COHERE_API_KEY };
  if (!process.stdin.isTTY) {
    throw new Problem("there is no key for the model", [
      { advice: "name a file that holds it: --key-file FILE" },
      { advice: "set COHERE_API_KEY, or type the key at a terminal" },
    ]);
  }
  return { from: "what you typed", key: await askKey(output) };
}

/** Milliseconds after which a file that gives nothing yet, such as the pipe of another program, is told. */
const SILENT_MS = 2_000;

async function readKeyFile(file: string, { say }: Output): Promise<string> {
  const silent = setTimeout(() => say(`waiting for the key from ${file}`), SILENT_MS);
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    throw new Problem(`the key's file ${file} cannot be read: ${(error as Error).message}`, {
      advice: "name another: --key-file FILE",
    });
  } finally {
    clearTimeout(silent);
  }
}
