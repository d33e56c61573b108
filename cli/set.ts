import { text } from "node:stream/consumers";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { didYouMean } from "../lib/similar.ts";
import type { RawConfiguration } from "../program/configuration.ts";
import { byNewNames, oldNames } from "../program/old-names.ts";
import { type Field, fields, parseSettings, SettingsError, typed } from "../program/settings.ts";
import type { StackCaller } from "./caller.ts";
import type { Given } from "./commands.ts";
import { askKey, storeSecret } from "./model-key.ts";
import { usualSettings } from "./rehearsal.ts";
import { openToolchain } from "./session.ts";
import { shown } from "./settings.ts";
import { readConfiguration, settingsFile, writeSettings } from "./stack-file.ts";
import { nextLine } from "./verdict.ts";

/**
 * `./machine set STACK SETTING VALUE…`: changes a setting of a stack in its file, where it is a good one. A list takes
 * several values. What is secret comes from a pipe or a terminal, never from the command line.
 */
export async function set(
  { setting: given, values, default: isDefault }: Given["set"],
  caller: StackCaller,
): Promise<number> {
  const { stack, projectDir, output } = caller;
  const setting = oldNames[given] ?? given;
  if (setting !== given) output.say(`the setting ${given} is called ${setting} by now`);
  const field = (fields as Readonly<Record<string, Field>>)[setting];
  if (field === undefined)
    throw new Problem(
      `there is no setting ${setting}${didYouMean(setting, Object.keys(fields))}; there are ${Object.keys(fields).join(", ")}`,
      machine("settings", stack),
    );
  const before = byNewNames(readConfiguration(caller));
  const file = settingsFile(projectDir, stack);
  const next = nextLine(machine("preview", stack));
  if (field.secret === true) {
    await setSecret(setting, field, values, caller);
    output.print(`${setting} is set in ${file}, encrypted\n${next}`);
    return 0;
  }
  if (isDefault && values.length > 0)
    throw new Problem("--default takes no value", machine("set", stack, setting, "--default"));
  // A list may be empty.
  if (!isDefault && values.length === 0 && !Array.isArray(field.default))
    throw new Problem(
      `there is no value for ${setting}; want ${field.wants}`,
      machine("set", stack, setting, "VALUE"),
    );
  const value = isDefault ? undefined : valueIn(values, setting, field);
  const after = { ...before, [setting]: isDefault ? field.default : value };
  const others = faultsOf(stack, before);
  const faults = faultsOf(stack, after, before).filter(
    ({ found }) => !others.some((other) => other.found === found),
  );
  if (faults.length > 0) throw new SettingsError(stack, faults);
  const old = Object.keys(oldNames).filter((name) => oldNames[name] === setting);
  writeSettings(projectDir, stack, {
    [setting]: value,
    ...Object.fromEntries(old.map((name) => [name, undefined])),
  });
  output.print(`${setting}: ${shown(before[setting])} → ${shown(after[setting])} in ${file}\n${next}`);
  return 0;
}

/** @param of what says of which kind the stack is. Default: the configuration itself. */
function faultsOf(stack: string, configuration: RawConfiguration, of = configuration) {
  try {
    parseSettings(stack, configuration, undefined, { usual: usualSettings(of) });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
}

/** Words of the command line as the value that the file is to have. */
function valueIn(values: readonly string[], setting: string, { default: usual, wants }: Field): unknown {
  if (Array.isArray(usual)) return values;
  const [word, ...more] = values;
  if (more.length > 0)
    throw new Problem(`${setting} takes one value; want ${wants}`, {
      advice: "put what has spaces in quotes",
    });
  return typed(setting, word);
}

async function setSecret(
  setting: string,
  { schema, wants }: Field,
  values: readonly string[],
  caller: StackCaller,
): Promise<void> {
  const { stack, output } = caller;
  const again = { ...machine("set", stack, setting), when: "pipe it, or type it" };
  if (values.length > 0)
    throw new Problem(
      `${setting} is secret, and a command line is not: others can read it, and the shell keeps it. Nothing was changed.`,
      again,
    );
  const value = process.stdin.isTTY ? await askKey(output) : (await text(process.stdin)).trim();
  if (!schema.safeParse(value).success)
    throw new Problem(`what was given for ${setting} is refused; want ${wants}. Nothing was changed.`, again);
  const { pulumi } = await openToolchain(caller);
  const trouble = await storeSecret(pulumi, stack, setting, value);
  if (trouble !== undefined) throw new Problem(`${setting} could not be stored:\n${trouble}`, again);
}
