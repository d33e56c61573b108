/** What a word of the command line can be, for the shells' completion. Reads files of the project and of a stack alone. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Argument, Command, Option } from "commander";
import { readTasks, subsets, taskName } from "../benchmark/tasks.ts";
import { checkoutFolder } from "../program/checkout-folder.ts";
import type { Caller } from "./caller.ts";
import { defaultStack } from "./default-stack.ts";
import { readConfiguration, readProjectFile, stacksWithSettings } from "./stack-file.ts";

/** A word that can stand there, and what it is. */
type Candidate = readonly [word: string, is: string];

/** Where a word stands: whose command line, what its command has before it, and the project. */
interface Place extends Pick<Caller, "projectDir" | "env"> {
  readonly program: Command;
  readonly command: Command;
  /** The command's arguments before the word. */
  readonly before: readonly string[];
  /** The values of its options before the word, by their long names. */
  readonly options: Readonly<Record<string, string>>;
}

/**
 * `./machine complete -- WORD…`, which the shells ask: prints what the last word can be, each with what it is behind a tab.
 * Nothing is printed where files may stand, which the shells know themselves.
 */
export function complete(
  program: Command,
  words: readonly string[],
  { projectDir, env, output }: Caller,
): number {
  // Bash takes `--out=FILE` apart.
  const joined = words.join("\0").replaceAll("\0=\0", "=").replace(/\0=$/, "=").split("\0");
  const found = candidates(program, joined, { projectDir, env });
  const [, prefix = ""] = words.includes("=") ? [] : (/^(--[^=]+=)/.exec(joined.at(-1) ?? "") ?? []);
  output.print(found.map(([word, is]) => `${prefix}${word}\t${is}\n`).join(""));
  return 0;
}

/** What the last of these words can be. */
export function candidates(
  program: Command,
  words: readonly string[],
  place: Pick<Place, "projectDir" | "env">,
): readonly Candidate[] {
  const typed = words.at(-1) ?? "";
  let command = program;
  const before: string[] = [];
  const options: Record<string, string> = {};
  let open: Option | undefined;
  for (const word of words.slice(0, -1)) {
    const isOpen: Option | undefined = open;
    open = undefined;
    if (isOpen !== undefined) options[isOpen.long ?? ""] = word;
    else if (word.startsWith("-")) {
      const [name, value] = word.split("=");
      const option = optionsOf(command).find(({ short, long }) => name === short || name === long);
      if (value !== undefined) options[option?.long ?? ""] = value;
      else if (option?.required) open = option;
    } else {
      const below = before.length === 0 ? named(command, word) : undefined;
      if (below !== undefined) command = below;
      else before.push(word);
    }
  }
  const at = { ...place, program, command, before, options };
  const [name, value] = typed.startsWith("--") && typed.includes("=") ? typed.split("=") : [];
  const of = open ?? optionsOf(command).find(({ long }) => long === name);
  if (of !== undefined) return beginning(value ?? typed, valuesOf(of, at));
  if (typed.startsWith("-"))
    return beginning(
      typed,
      optionsOf(command).map(({ long, short, description }) => [long ?? short ?? "", description]),
    );
  const below = subcommands(command);
  if (below.length > 0 && before.length === 0)
    return beginning(
      typed,
      below.map((one) => [one.name(), one.summary() || one.description()]),
    );
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[before.length] ?? (last?.variadic ? last : undefined);
  return argument === undefined ? [] : beginning(typed, valuesOf(argument, at));
}

const beginning = (typed: string, all: readonly Candidate[]) =>
  all.filter(([word]) => word.startsWith(typed));

const subcommands = (command: Command) => command.createHelp().visibleCommands(command);
const optionsOf = (command: Command) => command.createHelp().visibleOptions(command);
const named = (command: Command, word: string) =>
  subcommands(command).find((one) => one.name() === word || one.aliases().includes(word));

/** What an option or an argument can be: what it says itself, or by what stands for it in the help. */
function valuesOf(of: Option | Argument, place: Place): readonly Candidate[] {
  if (of.argChoices !== undefined) return plain(of.argChoices);
  const name = "flags" in of ? (/[<[]([^>\]]+)/.exec(of.flags)?.[1] ?? "") : of.name();
  const values = byName[`${place.command.name()} ${name}`] ?? byName[name];
  return plain(values === undefined ? [] : values(place));
}

const plain = (words: readonly string[]) => words.map((word): Candidate => [word, ""]);

const byName: Readonly<Record<string, (place: Place) => readonly string[]>> = {
  STACK: ({ projectDir }) => stacksWithSettings(projectDir).toSorted(),
  "new STACK": () => [],
  SETTING: ({ projectDir }) => Object.keys(readProjectFile(projectDir).types),
  VALUE: settingValues,
  REPOSITORY: repositories,
  TASK: ({ options }) =>
    readTasks()
      .filter(({ repo }) => repo === options["--repo"])
      .map(({ taskId }) => String(taskId)),
  RUN: runs,
  NAME: runs,
  FEATURES: () => ["gold", "all"],
  "OS/ARCH": () => ["linux/amd64", "linux/arm64"],
  COMMAND: ({ program }) => subcommands(program).map((one) => one.name()),
};

/** Values of a setting that are of a few, or are tasks. */
function settingValues({ projectDir, before: [, setting = ""] }: Place): readonly string[] {
  if (setting === "tasks") return [...repositories(), ...readTasks().map(taskName)];
  if (setting === "subset") return subsets;
  if (setting === "redisNetwork") return ["bridge", "host"];
  return readProjectFile(projectDir).types[setting]?.type === "boolean" ? ["true", "false"] : [];
}

function repositories(): readonly string[] {
  return [...new Set(readTasks().map(({ repo }) => repo))];
}

/** The runs that a stack's checkout has. */
function runs({ projectDir, env, before: [named] }: Place): readonly string[] {
  try {
    const stack = named ?? defaultStack({ projectDir, env });
    const logs = join(checkoutFolder(projectDir, readConfiguration({ projectDir, stack })), "logs");
    return readdirSync(logs, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? one.name : []));
  } catch {
    return []; // no such stack, or no run yet
  }
}
