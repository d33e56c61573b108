import { text } from "node:stream/consumers";
import { Problem } from "../lib/problem.ts";
import { type Fault, machine } from "../lib/remedy.ts";
import { didYouMean } from "../lib/similar.ts";
import type { RawConfiguration } from "../program/configuration.ts";
import { byNewNames, oldNames } from "../program/old-names.ts";
import { type Field, fields, parseSettings, SettingsError, typed } from "../program/settings.ts";
import type { StackCaller } from "./caller.ts";
import type { Given } from "./commands.ts";
import { tellUpdate } from "./cut-off.ts";
import { askKey, keyFault, storeSecret } from "./model-key.ts";
import { assertPassphrase } from "./passphrase.ts";
import { usualSettings } from "./rehearsal.ts";
import { openAsFound, openToolchain } from "./session.ts";
import { shown } from "./settings.ts";
import { readConfiguration, settingsFile, writeSettings } from "./stack-file.ts";
import { readRecord } from "./stack-record.ts";
import { usualOf } from "./stack-settings.ts";
import { conclude, nextLine } from "./verdict.ts";

/**
 * `./machine set STACK SETTING VALUE… [SETTING VALUE…]`: changes settings of a stack in its file, where they are good ones
 * together. A list takes the values up to the next setting. What is secret comes from a pipe or a terminal, never from the command line.
 */
export async function set(
  { setting: given, values, default: isDefault }: Given["set"],
  caller: StackCaller,
): Promise<number> {
  const { stack, projectDir, output } = caller;
  const wanted = assigned(given, values, caller);
  const [first] = wanted;
  const secret = wanted.find(({ field }) => field.secret === true);
  if (secret !== undefined && wanted.length > 1)
    throw new Problem(
      `${secret.setting} is secret, and must be set on its own. Nothing was changed.`,
      machine("set", stack, secret.setting),
    );
  // An update goes on with the settings that it began with.
  tellUpdate(caller);
  const before = byNewNames(readConfiguration(caller));
  const file = settingsFile(projectDir, stack);
  const nextOf = nextLine(machine("preview", stack));
  if (secret !== undefined) {
    if (!(await setSecret(secret.setting, values, caller)))
      return conclude(output, {
        outcome: "interrupted",
        text: "nothing was changed",
        next: machine("set", stack, secret.setting),
      });
    output.print(`${secret.setting} is set in ${file}, encrypted\n${nextOf}`);
    return 0;
  }
  if (isDefault && values.length > 0)
    throw new Problem("--default takes no value", machine("set", stack, first.setting, "--default"));
  const valued = wanted.map((one) => ({ ...one, value: isDefault ? undefined : valueIn(one, stack) }));
  const after = {
    ...before,
    ...Object.fromEntries(valued.map(({ setting, field, value }) => [setting, value ?? field.default])),
  };
  if (valued.some(({ setting, value }) => setting === "stackId" && !value)) await assertNoId(caller, before);
  const others = faultsOf(stack, before);
  const usual = { ...usualOf(caller, after, before), ...ownId(before) };
  const faults = faultsOf(stack, after, usual).filter(
    ({ found }) => !others.some((other) => other.found === found),
  );
  if (faults.length > 0)
    throw new SettingsError(
      stack,
      faults.map((fault) => asWanted(fault, valued, stack)),
    );
  const old = Object.keys(oldNames).filter((name) =>
    valued.some(({ setting }) => oldNames[name] === setting),
  );
  writeSettings(projectDir, stack, {
    ...Object.fromEntries(valued.map(({ setting, value }) => [setting, value])),
    ...Object.fromEntries(old.map((name) => [name, undefined])),
  });
  const lines = valued.map(
    ({ setting }) => `${setting}: ${shown(before[setting])} → ${shown(after[setting])} in ${file}\n`,
  );
  output.print(`${lines.join("")}${nextOf}`);
  return 0;
}

/** A setting, and the words of the command line that are to be its value. */
interface Assigned {
  readonly setting: string;
  readonly field: Field;
  readonly words: readonly string[];
}

/** Which words are of which setting: one value and the next setting, or a list up to the next setting. */
function assigned(
  given: string,
  values: readonly string[],
  caller: Pick<StackCaller, "stack" | "output">,
): readonly [Assigned, ...Assigned[]] {
  const { stack, output } = caller;
  const all = new Map<string, Field>(Object.entries(fields));
  const today = new Map(Object.entries(oldNames));
  const setting = today.get(given) ?? given;
  if (setting !== given) output.say(`the setting ${given} is now called ${setting}`);
  const field = all.get(setting);
  if (field === undefined)
    throw new Problem(
      `there is no setting ${setting}${didYouMean(setting, Object.keys(fields))}; there are ${Object.keys(fields).join(", ")}`,
      machine("settings", stack),
    );
  const isKnown = (word: string) => all.has(today.get(word) ?? word);
  const isList = Array.isArray(field.default);
  const at =
    field.secret === true ? -1 : values.findIndex((word, index) => (isList || index === 1) && isKnown(word));
  const next = values[at];
  if (next === undefined) return [{ setting, field, words: values }];
  return [{ setting, field, words: values.slice(0, at) }, ...assigned(next, values.slice(at + 1), caller)];
}

/** A fault with what helps whoever has set these: the other of two that go together is set with it. */
function asWanted(
  fault: Fault,
  valued: readonly { readonly setting: string; readonly value: unknown }[],
  stack: string,
): Fault {
  const isCoopOff = valued.some(({ setting, value }) => setting === "coop" && value !== true);
  const isOfGit = fault.found.startsWith("git: ");
  return isOfGit && isCoopOff
    ? { ...fault, remedies: machine("set", stack, "git", "false", "coop", "false") }
    : fault;
}

/** The id that the settings have, which is to stay; nothing where they have none, or it is wrong. */
function ownId({ stackId }: RawConfiguration): { readonly stackId?: unknown } {
  return stackId && fields.stackId.schema.safeParse(stackId).success ? { stackId } : {};
}

/** @throws a Problem where the stack has made something, which its id marks. */
async function assertNoId(caller: StackCaller, before: RawConfiguration): Promise<void> {
  const { stack } = caller;
  const record = await readRecord(openAsFound(caller));
  const id = record.kind === "made" ? record.identity?.id : undefined;
  if (id === undefined) return;
  const { stackId = id } = ownId(before);
  throw new Problem(
    `stackId marks what stack ${stack} has made, so it stays as it is. Nothing was changed.`,
    machine("set", stack, "stackId", String(stackId)),
  );
}

/** @param usual good values of the stack. Default: those of its kind. */
function faultsOf(stack: string, configuration: RawConfiguration, usual = usualSettings(configuration)) {
  try {
    parseSettings(stack, configuration, undefined, { usual });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
}

/** Words of the command line as the value that the file is to have. */
function valueIn({ words, setting, field: { default: usual, wants } }: Assigned, stack: string): unknown {
  const [word, ...more] = words;
  if (word === undefined)
    throw new Problem(`there is no value for ${setting}; want ${wants}`, [
      machine("set", stack, setting, "VALUE"),
      { ...machine("set", stack, setting, "--default"), when: "to have its default" },
    ]);
  if (Array.isArray(usual)) return words;
  if (more.length > 0)
    throw new Problem(
      `${setting} takes one value, and ${more[0]} is not a setting; want ${wants}`,
      machine("set", stack, setting, word),
    );
  return typed(setting, word);
}

/** Gives whether it was set: the question for it may be interrupted. */
async function setSecret(setting: string, values: readonly string[], caller: StackCaller): Promise<boolean> {
  const { stack, output } = caller;
  const again = { ...machine("set", stack, setting), when: "pipe it, or type it" };
  if (values.length > 0)
    throw new Problem(
      `${setting} is secret, and a command line is not: others can read it, and the shell records it. Nothing was changed.`,
      again,
    );
  const isTyped = process.stdin.isTTY;
  const value = isTyped ? await askKey(output) : (await text(process.stdin)).trim();
  if (value === undefined) return false;
  // The model's key is the one secret.
  const fault = keyFault(value);
  if (fault !== undefined)
    throw new Problem(`what you ${isTyped ? "typed" : "piped"} ${fault}. Nothing was changed.`, {
      ...again,
      when: "pipe the key alone, or type it",
    });
  const tools = await openToolchain(caller, readConfiguration(caller));
  assertPassphrase({ ...tools, stack });
  const { pulumi } = tools;
  const trouble = await storeSecret(pulumi, stack, setting, value);
  if (trouble !== undefined) throw new Problem(`${setting} could not be stored:\n${trouble}`, again);
  return true;
}
