import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { commandLine } from "../../../cli/commands.ts";

const printed: string[] = [];
const said: string[] = [];
const output = {
  print: (text: string | Uint8Array) => void printed.push(String(text)),
  note: (text: string | Uint8Array) => void said.push(String(text)),
  say: (line: string) => void said.push(`machine: ${line}\n`),
};

/** What a command line has done; what it says where it is not understood. */
async function understood(line: string | readonly string[]): Promise<unknown> {
  said.length = 0;
  let acts: unknown;
  const args = typeof line === "string" ? line.split(" ").filter((word) => word !== "") : line;
  const program = commandLine(async (name, given) => {
    acts = { name, ...given };
  }, output);
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    return `${said.join("")}exit code ${(error as { exitCode: number }).exitCode}`;
  }
  return acts;
}

test.each([
  ["up lab-1 --diff --target x", { name: "up", stack: "lab-1", options: ["--diff", "--target", "x"] }],
  ["up lab-1 -m two -t x", { name: "up", stack: "lab-1", options: ["-m", "two", "-t", "x"] }],
  ["up lab-1 --help", { name: "up", stack: "lab-1", options: ["--help"] }],
  ["destroy lab-1 --yes", { name: "destroy", stack: "lab-1", options: ["--yes"] }],
  ["preview lab-1", { name: "preview", stack: "lab-1", options: [] }],
  ["new lab", { name: "new", stack: "lab" }],
  ["new ..a", { name: "new", stack: "..a" }],
  ["new lab --key-file k", { name: "new", stack: "lab", keyFile: "k" }],
  ["new lab --key-file=k", { name: "new", stack: "lab", keyFile: "k" }],
  ["new lab --rehearsal", { name: "new", stack: "lab", rehearsal: true }],
  ["new lab --rehearsal /r", { name: "new", stack: "lab", rehearsal: "/r" }],
  ["new lab --rehearsal --key-file k", { name: "new", stack: "lab", rehearsal: true, keyFile: "k" }],
  ["lock", { name: "lock", json: false, check: false }],
  ["lock --json", { name: "lock", check: false, json: true }],
  ["lock --check lab", { name: "lock", json: false, check: true, stack: "lab" }],
  [
    "lock lab --platform linux/arm64/v8",
    { name: "lock", json: false, check: false, stack: "lab", platform: "linux/arm64/v8" },
  ],
  ["lock --platform=linux/arm64", { name: "lock", json: false, check: false, platform: "linux/arm64" }],
  ["doctor", { name: "doctor", json: false, live: false }],
  ["doctor lab-1 --live --json", { name: "doctor", stack: "lab-1", json: true, live: true }],
  ["status --json", { name: "status", json: true }],
  ["verify lab-1", { name: "verify", stack: "lab-1", json: false }],
  ["report lab-1 --out -", { name: "report", stack: "lab-1", out: "-" }],
  ["oracle", { name: "oracle", tasks: 5, features: "first", json: false }],
  ["smoke --tasks 2", { name: "oracle", tasks: 2, features: "first", json: false }],
  ["oracle --tasks 1", { name: "oracle", tasks: 1, features: "first", json: false }],
  [
    "oracle --tasks dspy_task/8394,go_chi_task",
    { name: "oracle", tasks: ["dspy_task/8394", "go_chi_task"], features: "first", json: false },
  ],
  [
    ["oracle", "--tasks", "dspy_task/8394, go_chi_task ,"],
    { name: "oracle", tasks: ["dspy_task/8394", "go_chi_task"], features: "first", json: false },
  ],
  ["oracle lab-1 --all", { name: "oracle", stack: "lab-1", tasks: "all", features: "first", json: false }],
  ["oracle --features gold", { name: "oracle", tasks: 5, features: "first", json: false }],
  ["oracle --features all", { name: "oracle", tasks: 5, features: "all", json: false }],
  ["oracle --features 3,1,3", { name: "oracle", tasks: 5, features: [3, 1], json: false }],
  ["oracle --json --junit o", { name: "oracle", tasks: 5, features: "first", json: true, junit: "o" }],
  ["plan --json", { name: "plan", json: true, watch: false }],
  ["plan --check night --json", { name: "plan", check: "night", json: true, watch: false }],
  ["run lab-1 -n smoke", { name: "smoke", stack: "lab-1" }],
  ["run lab-1 --name a --setting coop", { name: "a", stack: "lab-1", setting: "coop" }],
  ["run lab-1 -n a -r go_chi_task -t 27", { name: "a", stack: "lab-1", repo: "go_chi_task", task: "27" }],
  ["clean lab-1 --yes", { name: "clean", stack: "lab-1", yes: true, json: false }],
  ["clean -y --json", { name: "clean", yes: true, json: true }],
  ["list", { name: "list", json: false }],
  ["settings lab-1 --json", { name: "settings", stack: "lab-1", json: true }],
  [
    "set lab-1 tasks a b",
    { name: "set", stack: "lab-1", setting: "tasks", values: ["a", "b"], default: false },
  ],
  [
    "set lab-1 subset --default",
    { name: "set", stack: "lab-1", setting: "subset", values: [], default: true },
  ],
  ["remove lab-1 --yes", { name: "remove", stack: "lab-1", yes: true }],
  ["env dev", { name: "env", stack: "dev", json: false }],
  ["pulumi stack rm --help", { name: "pulumi", arguments: ["stack", "rm", "--help"] }],
  ["completion zsh", { name: "completion", shell: "zsh" }],
  ["complete -- up --di", { name: "complete", words: ["up", "--di"] }],
  ["pulumi --help", { name: "pulumi", arguments: ["--help"] }],
  ["rehearsal start", { name: "rehearsal", json: false, verb: "start", force: false }],
  ["rehearsal stop /r --force", { name: "rehearsal", json: false, verb: "stop", folder: "/r", force: true }],
  ["rehearsal remove", { name: "rehearsal", json: false, verb: "remove", force: false }],
  ["rehearsal status --json", { name: "rehearsal", verb: "status", force: false, json: true }],
  ["rehearsal status /r", { name: "rehearsal", json: false, verb: "status", folder: "/r", force: false }],
])("%s", async (line, given) => expect(await understood(line)).toEqual(given));

test.each([
  ["statsu", "unknown command 'statsu'\n(Did you mean status?)"],
  [
    "doctor --jsno",
    "unknown option '--jsno'\n(Did you mean --json?)\nusage: ./machine doctor [options] [STACK]",
  ],
  ["doctor a b", "too many arguments"],
  ["up", "missing required argument 'STACK'\nusage: ./machine up <STACK> [OPTION...]"],
  [
    "up --forse",
    "up needs a stack before its options, and --forse is an option\nusage: ./machine up <STACK>",
  ],
  ["preview --diff lab-1", "preview needs a stack before its options"],
  ["up lab/1", "argument 'STACK'. Want a name of letters"],
  ["new .", "100 at most, and not dots alone."],
  ["set .. coop true", "100 at most, and not dots alone."],
  ["preview ..", "100 at most, and not dots alone."],
  [`new ${"a".repeat(101)}`, "100 at most, and not dots alone."],
  [`run lab-1 -n ${"a".repeat(101)}`, "underscores, 100 at most."],
  ["up lab-1 lab-2", "up takes one stack; lab-2 is too many\nusage: "],
  ["preview lab-1 --diff lab-2", "preview takes one stack; lab-2 is too many"],
  ["destroy lab-1 --yes lab-2", "destroy takes one stack; lab-2 is too many"],
  ["up lab-1 --target a lab-2", "up takes one stack; lab-2 is too many"],
  ["up lab-1 --message=a lab-2", "up takes one stack; lab-2 is too many"],
  ["new", "missing required argument 'STACK'"],
  ["new lab --key-file", "option '--key-file <FILE>' argument missing"],
  ["new lab --key-file=", "--key-file <FILE>' argument '' is invalid"],
  ["new lab more", "too many arguments"],
  ["lock --platform arm64", "Want a platform such as linux/arm64."],
  ["oracle --tasks 0", "Want a number of tasks from 1 on"],
  ["oracle --tasks 1.5", "Want a number of tasks"],
  ["oracle --tasks 3 --all", "'--all' cannot be used with option '--tasks <TASKS>'"],
  ["oracle --features 0", "Want gold, all, or numbers"],
  ["oracle --features 1,", "Want gold, all, or numbers"],
  ["oracle --junit=", "'--junit <FILE>' argument '' is invalid"],
  ["plan --watch", "--watch needs --check RUN"],
  ["plan --check a --watch --json", "--watch prints no JSON"],
  ["report lab-1 --json", "report writes no JSON\n(./machine status lab-1 --json has the same)"],
  ["run -n smoke", "missing required argument 'STACK'"],
  ["run lab-1", "required option '-n, --name <NAME>' not specified"],
  ["run lab-1 -n ../x", "argument '../x' is invalid"],
  ["run lab-1 -n .x", "argument '.x' is invalid"],
  ["run lab-1 -n a -t 27", "--task needs --repo"],
  ["run lab-1 -n a -r go_chi_task -t x", "Want a number."],
  ["completion tcsh", "Allowed choices are bash, zsh, fish."],
  ["run lab-1 -n a --setting cop", "Allowed choices are smoke, solo, coop, coop-silent."],
  ["env", "missing required argument 'STACK'"],
  ["rehearsal remvoe", "unknown command 'remvoe'\n(Did you mean remove?)"],
  ["rehearsal status --force", "unknown option '--force'"],
  ["rehearsal stop /r /s", "too many arguments"],
])("%s is not understood, and why is said", async (line, why) => {
  const answer = String(await understood(line));
  expect(answer).toMatch(/^machine: /);
  expect(answer).toContain(why);
  expect(answer).toContain("exit code 1");
});

test("a name with a blank is none of a stack", async () => {
  expect(await understood(["new", "my lab"])).toContain(
    "Want a name of letters, digits, dots, dashes and underscores, 100 at most, and not dots alone.",
  );
});

describe("the help that is printed before anything is installed", () => {
  const folder = resolve(import.meta.dirname, "../../../cli/help");
  const program = commandLine(async () => {}, output);
  const helpOf = (command: Command) => {
    printed.length = 0;
    command.outputHelp();
    return printed.join("");
  };
  const commands = program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== "help");

  test("is that of each command (-u writes it)", async () => {
    await expect(helpOf(program)).toMatchFileSnapshot(join(folder, "machine.txt"));
    for (const command of commands)
      await expect(helpOf(command)).toMatchFileSnapshot(join(folder, `${command.name()}.txt`));
  });

  test("has an example of each", () => {
    for (const command of commands) expect(helpOf(command)).toMatch(/^Examples?\b/m);
  });

  test("is of no other", () => {
    const names = ["machine", ...commands.map((command) => command.name())];
    expect(readdirSync(folder).toSorted()).toEqual(names.map((name) => `${name}.txt`).toSorted());
  });
});
