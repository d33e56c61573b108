/** The commands with their arguments, options and help. What each of them does is in `cli/main.ts`. */
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { type Shell, shells } from "./completion.ts";
import { exitCodeLines } from "./exit-codes.ts";
import { stackNames, stackNamesWant } from "./stack-names.ts";
import type { Output } from "./terminal.ts";

/** A command on a stack that may be left out: then it is PULUMI_STACK, or the only one that there is. */
interface OnStack {
  readonly stack?: string | undefined;
}

interface Printed extends OnStack {
  readonly json: boolean;
}

/** A command whose options are Pulumi's. */
interface OfPulumi {
  readonly stack: string;
  readonly options: readonly string[];
}

/** Which features of a task: its first one, all, or those of these numbers that it has. */
export type Features = "first" | "all" | readonly number[];

/** Which of a stack's tasks: so many, spread over the repositories; all; or those of names, such as dspy_task/8394 or dspy_task. */
export type ChosenTasks = number | "all" | readonly string[];

/** What each command is given, by the command's name. */
export interface Given {
  readonly up: OfPulumi;
  readonly preview: OfPulumi;
  readonly destroy: OfPulumi;
  readonly new: {
    readonly stack: string;
    /** File that has the model's key. Default: COHERE_API_KEY, or what is typed. */
    readonly keyFile?: string | undefined;
    /** A rehearsal of its own: in that folder, or with `true` in one that is named after the stack. */
    readonly rehearsal?: string | true | undefined;
  };
  readonly lock: OnStack & {
    /** Whether to compare only. */
    readonly check: boolean;
    /** Which image of an index is meant. Default: the one that is locked, else linux/amd64. */
    readonly platform?: string | undefined;
    readonly json: boolean;
  };
  /** `live` makes one real call of the model, which costs money. */
  readonly doctor: Printed & { readonly live: boolean };
  readonly status: Printed;
  readonly verify: Printed;
  readonly report: OnStack & { readonly out?: string | undefined };
  readonly oracle: Printed & {
    readonly tasks: ChosenTasks;
    readonly features: Features;
    /** File for the results in JUnit XML. Default: none. */
    readonly junit?: string | undefined;
  };
  /** `check` is the run to judge, by its name or its folder; without one the plan is printed. `watch` follows it. */
  readonly plan: Printed & { readonly check?: string | undefined; readonly watch: boolean };
  readonly run: {
    readonly stack: string;
    /** Name of the run, and of its folder in the checkout's logs. */
    readonly name: string;
    /** Which run of the plan it is, as it was given. */
    readonly setting?: string | undefined;
    /** Such as go_chi_task, and 27; undefined for all. */
    readonly repo?: string | undefined;
    readonly task?: string | undefined;
  };
  /** `keep` leaves the results. */
  readonly demo: Printed & { readonly keep: boolean };
  /** `yes` asks nobody. */
  readonly clean: Printed & { readonly yes: boolean };
  /** `yes` asks nobody. */
  readonly remove: { readonly stack: string; readonly yes: boolean };
  readonly env: { readonly stack: string; readonly json: boolean };
  readonly list: { readonly json: boolean };
  readonly settings: Printed;
  readonly set: {
    readonly stack: string;
    readonly setting: string;
    readonly values: readonly string[];
    /** Whether it is to be what it is where no stack sets it. */
    readonly default: boolean;
  };
  readonly completion: { readonly shell: Shell };
  /** Words of a command line, the last of which is to be completed. */
  readonly complete: { readonly words: readonly string[] };
  readonly pulumi: { readonly arguments: readonly string[] };
  readonly rehearsal: {
    readonly verb: "start" | "stop" | "remove" | "status";
    readonly folder?: string | undefined;
    /** Whether to stop or remove one that stacks use. */
    readonly force: boolean;
    readonly json: boolean;
  };
}

/** Has a command done. */
export type Act = <Name extends keyof Given>(name: Name, given: Given[Name]) => Promise<void>;

/** Columns of the help, wherever it is printed: `./machine` prints it before anything is installed. */
const columns = 100;

/** Titles of the first commands, and of those that are of no other group. */
const [first, rest] = ["Bring up a machine:", "The rest:"] as const;

/** Words about a stack that need not be named. */
const anyStack = "name of the stack; optional if there is only one, or if PULUMI_STACK names it";

/**
 * The command line: parses, prints help and what is not understood, and has `act` do the rest. Where it has printed alone, it
 * throws a CommanderError, whose exit code is 0 for help.
 */
export function commandLine(act: Act, output: Pick<Output, "print" | "note" | "say">): Command {
  const program = new Command("./machine")
    .exitOverride()
    .configureOutput({
      writeOut: output.print,
      writeErr: output.note,
      outputError: (text) => output.say(text.replace(/^error: /, "").trimEnd()),
    })
    .description("Makes this machine ready to run CooperBench, and proves that it is ready.")
    .helpOption("-h, --help", "print help")
    .commandsGroup(rest)
    .helpCommand("help [COMMAND]", "print help, for COMMAND if you name one")
    .configureHelp({
      helpWidth: columns,
      subcommandTerm: (command) => command.name(),
      // The words say what the default is, where there is one.
      optionDescription: ({ description }) => description,
    })
    .enablePositionalOptions()
    .addHelpText("after", after);
  const group = (title: string) => (name: string, summary: string) =>
    program
      .command(name)
      .summary(summary)
      .description(`${sentence(summary)}.`)
      .helpGroup(title);

  /** Has a command done whose one argument is a stack. */
  const onTo =
    <Name extends keyof Given>(name: Name) =>
    (stack: string | undefined, options: object) =>
      act(name, { stack, ...options } as Given[Name]);

  const bringUp = group(first);
  bringUp("new", "make a stack and its settings file")
    .argument("<STACK>", "name of the stack", stackName)
    .option("--key-file <FILE>", "file with the model's key (default: COHERE_API_KEY, or it asks)", filled)
    .option("--rehearsal [FOLDER]", "give it a rehearsal of its own, which needs no key", filled)
    .addHelpText("after", examples("new lab-1 --key-file ~/cohere-key", "new mine --rehearsal"))
    .action(onTo("new"));
  onStack(bringUp("settings", "print every setting of a stack, with its value and meaning"))
    .option("--json", "print JSON", false)
    .addHelpText("after", examples("settings lab-1"))
    .action(onTo("settings"));
  bringUp("set", "check and change settings of a stack")
    .argument("<STACK>", "name of the stack", stackName)
    .argument("<SETTING>", "name of the setting, as ./machine settings prints it")
    .argument(
      "[VALUE...]",
      "value; several for a list, or a value and the next setting; it asks for a secret, or reads it from a pipe",
    )
    .option("--default", "remove it from the stack's settings", false)
    .addHelpText(
      "after",
      examples(
        "set lab-1 subset flash",
        "set lab-1 coop true git true",
        "set lab-1 tasks dspy_task/8394 go_chi_task",
        "set lab-1 cooperbenchCommit --default",
        "set lab-1 cohereApiKey <~/cohere-key",
      ),
    )
    .action((stack, setting, values, options) => act("set", { stack, setting, values, ...options }));
  ofPulumi("up", "provision the machine, and prove that it is ready", [
    "up lab-1",
    "up dev                          # a rehearsal, with stand-in images",
    "up lab-1 --target '**-probe'    # takes the options of pulumi up",
    "up lab-1 --json                 # the verdict as JSON, at the end",
  ]);
  ofPulumi("preview", "show what differs, including drift; changes nothing", [
    "preview lab-1",
    "preview lab-1 --diff",
    "preview lab-1 --expect-no-changes",
  ]);
  onStack(bringUp("doctor", "check the machine, and print a fix for each problem; changes nothing"))
    .option("--json", "print JSON", false)
    .option("--live", "make one small real call to the model, and print its status, time and cost", false)
    .addHelpText("after", examples("doctor lab-1", "doctor lab-1 --live"))
    .action(onTo("doctor"));
  onStack(bringUp("lock", "ask the registry for the images' digests, and write the image lock"))
    .option("--check", "only compare, and fail if an image has moved", false)
    .option(
      "--platform <OS/ARCH>",
      "which image of an index (default: the locked one, or linux/amd64)",
      platform,
    )
    .option("--json", "print JSON", false)
    .addHelpText("after", examples("lock lab-1", "lock lab-1 --check"))
    .action(onTo("lock"));

  const tell = group("What is proved:");
  onStack(tell("status", "show what was proved, when, and whether it still holds; changes nothing"))
    .option("--json", "print JSON", false)
    .addHelpText("after", `${tellsByCode}${examples("status lab-1", "status lab-1 --json")}`)
    .action(onTo("status"));
  onStack(tell("verify", "probe the images and run cooperbench again now; changes nothing"))
    .option("--json", "print JSON", false)
    .addHelpText("after", `${tellsByCode}${examples("verify lab-1")}`)
    .action(onTo("verify"));
  onStack(tell("oracle", "run gold patches and their tests in the images, without a model; changes nothing"))
    .alias("smoke")
    .option(
      "--tasks <TASKS>",
      "how many tasks, spread over the repositories, or their names (default: 5)",
      chosenTasks,
    )
    .addOption(new Option("--all", "all tasks of the stack").conflicts("tasks"))
    .option(
      "--features <FEATURES>",
      "gold (the first of each task), all, or numbers such as 1,2",
      features,
      "first",
    )
    .option("--json", "print JSON", false)
    .option("--junit <FILE>", "also write the results as JUnit XML", filled)
    .addHelpText(
      "after",
      `\nA feature's tests must pass with its gold patch, and fail without it.${examples("oracle lab-1", "oracle lab-1 --tasks dspy_task/8394,go_chi_task", "oracle lab-1 --all --features all")}`,
    )
    .action((stack, { all, tasks = 5, ...options }) => {
      if (program.args[0] === "smoke") output.say("smoke is now called oracle: ./machine oracle");
      return act("oracle", { stack, tasks: all === true ? "all" : tasks, ...options });
    });
  onStack(tell("report", "write what was proved to one HTML page, without secrets"))
    .option("--out <FILE>", "file to write; - is standard output", filled)
    .addOption(new Option("--json").hideHelp())
    .addHelpText("after", examples("report lab-1 --out machine.html"))
    .action((stack, { json, ...options }, command: Command) => {
      if (json)
        command.error(`report writes no JSON\n(./machine status ${stack ?? "STACK"} --json has the same)`);
      return act("report", { stack, ...options });
    });

  const runs = group("Runs:");
  onStack(runs("demo", "run five pairs of a rehearsal against a mock model, and judge the results"))
    .option("--keep", "keep the results in the checkout's logs/", false)
    .option("--json", "print JSON", false)
    .addHelpText("after", examples("demo dev"))
    .action(onTo("demo"));
  onStack(runs("plan", "print the commands for the runs, or judge the results of a run"))
    .option("--check <RUN>", "show which results of a run are the model's, and which the machine's")
    .option("--watch", "with --check, follow a run while it goes", false)
    .option("--json", "print JSON", false)
    .addHelpText(
      "after",
      examples("plan lab-1", "plan lab-1 --check smoke", "plan lab-1 --check solo --watch"),
    )
    .action((stack, options, command: Command) => {
      if (options.watch && options.check === undefined) command.error("--watch needs --check RUN");
      if (options.watch && options.json) command.error("--watch prints no JSON");
      return act("plan", { stack, ...options });
    });
  runs("run", "start a run of the plan, if the machine is ready")
    .argument("<STACK>", "name of the stack; required, because a run costs money", stackName)
    .requiredOption("-n, --name <NAME>", "name of the run, and of its folder in logs/", runName)
    .addOption(
      new Option(
        "--setting <SETTING>",
        "smoke, solo, coop or coop-silent (default: the one that the name says, or solo)",
      ).choices(["smoke", "solo", "coop", "coop-silent"]),
    )
    .option("-r, --repo <REPOSITORY>", "only this repository of the dataset, such as go_chi_task", repository)
    .option("-t, --task <TASK>", "only this task of the repository, such as 27", number)
    .addHelpText(
      "after",
      `\nFirst records what it runs on, in logs/NAME/machine.json.${examples("run lab-1 -n smoke", "run lab-1 -n night --setting coop")}`,
    )
    .action((stack, options, command: Command) => {
      if (options.task !== undefined && options.repo === undefined) command.error("--task needs --repo");
      return act("run", { stack, ...options });
    });
  onStack(runs("clean", "remove containers that killed runs of CooperBench left behind"))
    .option("-y, --yes", "do not ask", false)
    .option("--json", "print JSON, and do not ask", false)
    .addHelpText(
      "after",
      `\nSays what it will remove, and asks. Containers of a live run stay.${examples("clean lab-1")}`,
    )
    .action(onTo("clean"));

  const away = group(rest);
  ofPulumi(
    "destroy",
    "remove what the stack made; images stay on the engine",
    [
      "destroy lab-1",
      "destroy lab-1 --yes    # does not ask",
      "destroy lab-1 --forget-engine    # its engine is gone for good",
    ],
    rest,
  );
  away("remove", "destroy what the stack made, and remove the stack and its settings file")
    .argument("<STACK>", "name of the stack", stackName)
    .option("-y, --yes", "do not ask", false)
    .addHelpText(
      "after",
      `\nSays what goes and what stays, and asks. What you made stays.${examples("remove lab-1")}`,
    )
    .action((stack, options) => act("remove", { stack, ...options }));
  away("list", "print the stacks of this folder")
    .option("--json", "print JSON", false)
    .addHelpText("after", examples("list", "list --json"))
    .action((options) => act("list", options));
  away("env", "print the variables of a stack as shell exports")
    .argument("<STACK>", "name of the stack", stackName)
    .option("--json", "print JSON", false)
    .addHelpText("after", '\nExample:\n  eval "$(./machine env dev)"')
    .action((stack, options) => act("env", { stack, ...options }));
  away("pulumi", "run any Pulumi command with this project's variables")
    .argument("<ARGUMENT...>", "arguments of pulumi")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText("after", examples("pulumi config --stack lab-1", "pulumi stack output readme --stack lab-1"))
    .action((given) => act("pulumi", { arguments: given }));
  const rehearsal = away(
    "rehearsal",
    "start, stop, remove or show a rehearsal: a private engine with stand-in images",
  ).addHelpText("after", examples("rehearsal status", "rehearsal stop /srv/rehearsal"));
  for (const [verb, summary] of [
    ["start", "start it; make it if there is none"],
    ["stop", "end its engine and processes; its folder and images stay for the next start"],
    ["remove", "remove it, with its folder and images, if no stack uses it"],
    ["status", "show whether it runs, and which stacks use it"],
  ] as const) {
    const command = rehearsal
      .command(verb)
      .summary(summary)
      .description(`${sentence(summary)}.`)
      .argument("[FOLDER]", "its folder (default: COOPERBENCH_REHEARSAL_DIR, or the folder of dev)");
    if (verb === "stop" || verb === "remove") command.option("--force", "even if a stack uses it", false);
    if (verb === "status") command.option("--json", "print JSON", false);
    command.action((folder, { force = false, json = false }) =>
      act("rehearsal", { verb, folder, force, json }),
    );
  }
  away("completion", "print a script that makes a shell complete commands, stacks, settings and tasks")
    .addArgument(new Argument("<SHELL>", "the shell").choices(shells))
    .addHelpText(
      "after",
      `
Examples, for the start file of each shell (FOLDER is the path of this project):
  bash   source <(FOLDER/machine completion bash)
  zsh    source <(FOLDER/machine completion zsh)    # after compinit
  fish   FOLDER/machine completion fish | source`,
    )
    .action((shell) => act("completion", { shell }));
  program
    .command("complete", { hidden: true })
    .argument("[WORD...]")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action((words) => act("complete", { words }));
  away("exec", "run a command with this project's Node and packages on PATH")
    .argument("<COMMAND...>", "command, with its arguments")
    .helpOption(false)
    .addHelpText("after", examples("exec node bench/performance.ts"));
  for (const command of [...program.commands, ...rehearsal.commands]) {
    const name = rehearsal.commands.includes(command) ? `rehearsal ${command.name()}` : command.name();
    command.showHelpAfterError(`usage: ./machine ${name} ${command.usage()}`);
  }
  return program;

  /** A command that hands its options to Pulumi. */
  function ofPulumi(
    name: "up" | "preview" | "destroy",
    summary: string,
    lines: readonly string[],
    title: string = first,
  ): void {
    group(title)(name, summary)
      .argument("<STACK>", "name of the stack", (text) => (text.startsWith("-") ? text : stackName(text)))
      .argument("[OPTION...]", `options of pulumi ${name}`)
      .usage("<STACK> [OPTION...]")
      .allowUnknownOption()
      .passThroughOptions()
      .addHelpText("after", examples(...lines))
      .action((stack: string, options: readonly string[], _: object, command: Command) => {
        if (stack.startsWith("-"))
          command.error(`${name} needs a stack before its options, and ${stack} is an option`);
        const more = options.find((one, at) => isNoValue(one, options[at - 1]));
        if (more !== undefined) command.error(`${name} takes one stack; ${more} is too many`);
        return act(name, { stack, options });
      });
  }
}

/** Whether a word of the options of Pulumi is surely no option's value, by the word before it. */
function isNoValue(word: string, before: string | undefined): boolean {
  if (word.startsWith("-")) return false;
  return (
    before === undefined || !before.startsWith("-") || /^(-y|-j|--(yes|json|diff)?|--[^=]+=.*)$/.test(before)
  );
}

/** Of a command whose exit code tells. */
const tellsByCode = "\nThe exit code is 1 if something is in the way of a run.";

const after = `
./machine COMMAND --help explains a command. STACK names a machine: its settings are in Pulumi.STACK.yaml.

Exit codes:
${exitCodeLines.map((line) => `  ${line}`).join("\n")}`;

function onStack(command: Command): Command {
  return command.argument("[STACK]", anyStack, stackName);
}

function examples(...lines: readonly string[]): string {
  return `\n${lines.length === 1 ? "Example" : "Examples"}:\n${lines.map((line) => `  ./machine ${line}`).join("\n")}`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A parser of an argument that takes what fits a pattern. */
const matching = (pattern: RegExp, wants: string) => (text: string) => {
  if (!pattern.test(text)) throw new InvalidArgumentError(`Want ${wants}.`);
  return text;
};

const stackName = matching(stackNames, stackNamesWant);
const runName = matching(
  /^[A-Za-z0-9][\w.-]{0,99}$/,
  "a name of letters, digits, dots, dashes and underscores, 100 at most",
);
const repository = matching(/^[a-z0-9_]+$/, "a repository of the dataset, such as go_chi_task");
const number = matching(/^\d+$/, "a number");
const platform = matching(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/, "a platform such as linux/arm64");
const filled = matching(/./, "something");

function chosenTasks(text: string): ChosenTasks {
  const found = Number(text);
  if (Number.isNaN(found))
    return text
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
  if (!Number.isInteger(found) || found < 1)
    throw new InvalidArgumentError("Want a number of tasks from 1 on, or names such as dspy_task/8394.");
  return found;
}

function features(text: string): Features {
  // Each task has one feature for its gold: the first stands for it.
  if (text === "gold" || text === "first") return "first";
  if (text === "all") return "all";
  if (!/^[1-9]\d*(,[1-9]\d*)*$/.test(text))
    throw new InvalidArgumentError("Want gold, all, or numbers of features such as 1,2.");
  return [...new Set(text.split(",").map(Number))];
}
