import { text } from "node:stream/consumers";
import { Problem } from "../lib/problem.ts";
import { didYouMean } from "../lib/similar.ts";
import { byNewNames, oldNames } from "../program/old-names.ts";
import { type Field, fields, parseSettings, SettingsError, typed } from "../program/settings.ts";
import type { StackCaller } from "./caller.ts";
import type { Given } from "./commands.ts";
import { askKey, storeSecret } from "./model-key.ts";
import { openToolchain } from "./session.ts";
import { shown } from "./settings.ts";
import { readConfiguration, settingsFile, writeSettings } from "./stack-file.ts";

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
      `there is no setting ${setting}${didYouMean(setting, Object.keys(fields))}; there are ${Object.keys(fields).join(", ")}\nFix: ./machine settings ${stack}`,
    );
  const before = byNewNames(readConfiguration(caller));
  const file = settingsFile(projectDir, stack);
  if (field.secret === true) {
    await setSecret(setting, field, values, caller);
    output.print(`${setting} is set in ${file}, encrypted\nNext: ./machine preview ${stack}\n`);
    return 0;
  }
  if (isDefault && values.length > 0)
    throw new Problem(`--default takes no value\nFix: ./machine set ${stack} ${setting} --default`);
  // A list may be empty.
  if (!isDefault && values.length === 0 && !Array.isArray(field.default))
    throw new Problem(
      `there is no value for ${setting}; want ${field.wants}\nFix: ./machine set ${stack} ${setting} VALUE`,
    );
  const value = isDefault ? undefined : valueIn(values, setting, field);
  const after = { ...before, [setting]: isDefault ? field.default : value };
  const others = faultsOf(stack, before);
  const faults = faultsOf(stack, after).filter(({ found }) => !others.some((other) => other.found === found));
  if (faults.length > 0) throw new SettingsError(stack, faults);
  const old = Object.keys(oldNames).filter((name) => oldNames[name] === setting);
  writeSettings(projectDir, stack, {
    [setting]: value,
    ...Object.fromEntries(old.map((name) => [name, undefined])),
  });
  output.print(
    `${setting}: ${shown(before[setting])} → ${shown(after[setting])} in ${file}\nNext: ./machine preview ${stack}\n`,
  );
  return 0;
}

function faultsOf(stack: string, configuration: Parameters<typeof parseSettings>[1]) {
  try {
    parseSettings(stack, configuration);
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
  if (more.length > 0) throw new Problem(`${setting} takes one value; want ${wants}`);
  return typed(setting, word);
}

async function setSecret(
  setting: string,
  { schema, wants }: Field,
  values: readonly string[],
  caller: StackCaller,
): Promise<void> {
  const { stack, output } = caller;
  if (values.length > 0)
    throw new Problem(
      `${setting} is secret, and a command line is not: others can read it, and the shell keeps it. Nothing was changed.\nFix: pipe it, or type it:\n  ./machine set ${stack} ${setting} <FILE`,
    );
  const value = process.stdin.isTTY ? await askKey(output) : (await text(process.stdin)).trim();
  if (!schema.safeParse(value).success)
    throw new Problem(`what was given for ${setting} is refused; want ${wants}. Nothing was changed.`);
  const { pulumi } = await openToolchain(caller);
  const trouble = await storeSecret(pulumi, stack, setting, value);
  if (trouble !== undefined) throw new Problem(`${setting} could not be stored:\n${trouble}`);
}
