import { resolve } from "node:path";
import { Problem } from "../lib/problem.ts";
import type { Caller, StackCaller } from "./caller.ts";
import { cleanOptions } from "./clean-options.ts";
import { doctorOptions } from "./doctor-options.ts";
import { lockOptions } from "./lock-options.ts";
import { newOptions } from "./new-options.ts";
import { parseOptions } from "./options.ts";
import { planOptions } from "./plan-options.ts";
import { rehearsalOptions } from "./rehearsal-options.ts";
import { runOptions } from "./run-options.ts";
import { smokeOptions } from "./smoke-options.ts";
import { Output } from "./terminal.ts";

const help = `./machine: makes this machine ready to run CooperBench, and proves that it is.

  ./machine up STACK [OPTION…]        provisions; the dev stack is a rehearsal with stand-in images
  ./machine preview STACK [OPTION…]   shows what differs, drift included; changes nothing
  ./machine verify [STACK] [--json]   probes images, runs cooperbench, whatever Pulumi's state says; changes nothing;
                                      exit code 1 where something is in the way of a run
  ./machine smoke [STACK] [--tasks N | --all] [--features gold|all|1,2,…] [--json] [--junit FILE]
                                      runs gold patches and their tests in the images, without a model: with the
                                      patch they must pass, without it fail. N tasks spread over the repositories
                                      (5), each by its first feature; changes nothing
  ./machine destroy STACK [--yes] [OPTION…]
                                      removes what the stack made; images stay on the engine, and of a rehearsal all
                                      goes with its last stack. At a terminal it says what goes, and asks
  ./machine new STACK [--key-file F]  makes a stack for a real machine, and its Pulumi.STACK.yaml. The model's
                                      key is read from the file F, else from COHERE_API_KEY, else asked for
  ./machine new STACK --rehearsal [FOLDER]
                                      makes a stack with a rehearsal of its own, which needs no key
  ./machine lock [STACK] [--check] [--platform OS/ARCH]
                                      asks Docker Hub, or the registries of the stack's engine, what the images are,
                                      and writes the image lock file; --check only compares, and fails where one moved
  ./machine doctor [STACK] [--json] [--live]
                                      looks at engine, space, registry, programs and folders, with the remedy for
                                      what is not well; changes nothing. --live makes one real call of the model,
                                      a small one, and tells its status, time and cost
  ./machine clean [STACK] [--yes] [--json]
                                      removes the containers that killed runs of CooperBench have left, and leaves
                                      those of a run that lives. It says what goes, and asks
  ./machine status [STACK] [--json]   tells what was proved of the machine, when, and whether it is still so; quick,
                                      proves and changes nothing; exit code 1 where something is in the way of a run
  ./machine report [STACK] [--out FILE]
                                      writes the same as one HTML page, a record of the machine without secrets:
                                      images and their checks, digests, versions, settings
  ./machine plan [STACK]              prints the commands of the runs, with this machine's paths and numbers
  ./machine plan [STACK] --check RUN [--json]
                                      tells which results of a run are the model's, and which the machine's
  ./machine run STACK -n NAME [--setting smoke|solo|coop|coop-silent] [-r REPOSITORY [-t TASK]]
                                      starts a run of the plan where the machine is ready, and writes first what it
                                      runs on, as logs/NAME/machine.json. The setting is NAME's, else solo
  ./machine env STACK                 prints shell exports: eval "$(./machine env dev)"
  ./machine pulumi ARGUMENT…          runs any Pulumi command in this project's environment
  ./machine rehearsal start|stop|status [FOLDER]
                                      starts, removes or shows a rehearsal; stop removes none that a stack uses,
                                      except with --force
  ./machine exec COMMAND…             runs a command with the Node and the packages of this project on PATH
  ./machine help

OPTIONs go to Pulumi: ./machine preview dev --diff, ./machine preview dev --expect-no-changes.
Exit codes: 0 done, 1 failed, 2 not understood; otherwise Pulumi's own.
`;

interface Command {
  /** Arguments as a usage line shows them. */
  readonly usage: string;
  readonly accepts: (args: readonly string[]) => boolean;
  /** Loads what it needs only when it is called. Gives the exit code. */
  readonly run: (args: readonly string[], caller: Caller) => Promise<number>;
}

const withStack = ([stack = ""]: readonly string[]) =>
  /^[A-Za-z0-9_.-]+$/.test(stack) && !stack.startsWith("-");

/** A command whose options are Pulumi's. */
function ofPulumi(
  usage: string,
  run: (caller: StackCaller, options: readonly string[]) => Promise<number>,
): Command {
  return {
    usage,
    accepts: withStack,
    run: ([stack = "", ...options], caller) => run({ ...caller, stack }, options),
  };
}

/** A command with options of its own, and a stack that may be left out. */
function withOptions<Options extends { readonly stack?: string | undefined }>(
  usage: string,
  read: (args: readonly string[]) => Options | undefined,
  run: (options: Options, caller: Caller) => Promise<number>,
): Command {
  const understood = (args: readonly string[]) => {
    const options = read(args);
    return options?.stack === undefined || withStack([options.stack]) ? options : undefined;
  };
  return {
    usage,
    accepts: (args) => understood(args) !== undefined,
    run: async (args, caller) => {
      const options = understood(args);
      return options === undefined ? 2 : run(options, caller);
    },
  };
}

/** The stack that a command means that may name none. */
async function onStack(stack: string | undefined, caller: Caller): Promise<StackCaller> {
  const { defaultStack } = await import("./default-stack.ts");
  return { ...caller, stack: stack ?? defaultStack(caller) };
}

/** The options of commands that print for a reader, or JSON. */
const jsonOption = (args: readonly string[]) =>
  parseOptions(args, { json: { type: "boolean", default: false } });

const commands: Record<string, Command> = {
  up: ofPulumi("up STACK [OPTION…]", async (...given) => (await import("./up.ts")).up(...given)),
  preview: ofPulumi("preview STACK [OPTION…]", async (...given) =>
    (await import("./preview.ts")).preview(...given),
  ),
  verify: withOptions("verify [STACK] [--json]", jsonOption, async ({ stack, values }, caller) =>
    (await import("./verify.ts")).verify(await onStack(stack, caller), values.json),
  ),
  smoke: withOptions(
    "smoke [STACK] [--tasks N | --all] [--features gold|all|NUMBER[,NUMBER…]] [--json] [--junit FILE]",
    smokeOptions,
    async (options, caller) =>
      (await import("./smoke.ts")).smoke(options, await onStack(options.stack, caller)),
  ),
  destroy: ofPulumi("destroy STACK [OPTION…]", async (...given) =>
    (await import("./destroy.ts")).destroy(...given),
  ),
  new: withOptions(
    "new STACK [--key-file FILE] [--rehearsal [FOLDER]]",
    newOptions,
    async (options, caller) => (await import("./new.ts")).newStack(options, caller),
  ),
  lock: withOptions("lock [STACK] [--check] [--platform OS/ARCH]", lockOptions, async (...given) => {
    const code = await (await import("./lock.ts")).lock(...given);
    // A connection that was given up may stay open as long as the other end likes: it is not waited for.
    setTimeout(() => process.exit(), 100).unref();
    return code;
  }),
  doctor: withOptions("doctor [STACK] [--json] [--live]", doctorOptions, async (options, caller) =>
    (await import("./doctor.ts")).doctor(options, await onStack(options.stack, caller)),
  ),
  clean: withOptions("clean [STACK] [--yes] [--json]", cleanOptions, async (options, caller) =>
    (await import("./clean.ts")).clean(options, await onStack(options.stack, caller)),
  ),
  status: withOptions("status [STACK] [--json]", jsonOption, async ({ stack, values }, caller) =>
    (await import("./status.ts")).status(await onStack(stack, caller), values.json),
  ),
  report: withOptions(
    "report [STACK] [--out FILE]",
    (args) => parseOptions(args, { out: { type: "string" } }),
    async ({ stack, values }, caller) =>
      (await import("./report.ts")).report(await onStack(stack, caller), values.out),
  ),
  plan: withOptions(
    "plan [STACK] [--check RUN [--json]]",
    planOptions,
    async ({ stack, check, json = false }, caller) =>
      check === undefined
        ? (await import("./plan.ts")).plan(await onStack(stack, caller))
        : (await import("./plan-check.ts")).planCheck(stack, check, json, caller),
  ),
  run: withOptions(
    "run STACK -n NAME [--setting smoke|solo|coop|coop-silent] [-r REPOSITORY [-t TASK]]",
    runOptions,
    async (...given) => (await import("./run.ts")).run(...given),
  ),
  env: {
    usage: "env STACK",
    accepts: (args) => withStack(args) && args.length === 1,
    run: async ([stack = ""], caller) => (await import("./env.ts")).env({ ...caller, stack }),
  },
  pulumi: {
    usage: "pulumi ARGUMENT…",
    accepts: (args) => args.length > 0,
    run: async (...given) => (await import("./plain-pulumi.ts")).plainPulumi(...given),
  },
  rehearsal: {
    usage: "rehearsal start|stop [--force]|status [FOLDER]",
    accepts: (args) => rehearsalOptions(args) !== undefined,
    run: async (args, caller) => {
      const options = rehearsalOptions(args);
      return options === undefined ? 2 : (await import("./rehearsal.ts")).rehearsalCommand(options, caller);
    },
  },
};

/** Whether what a command prints is its work: that of others goes on without a word. */
async function isToBeRead(name: string, args: readonly string[]): Promise<boolean> {
  if (name === "report") return args.includes("-") || args.includes("--out=-");
  if (name === "pulumi") {
    const [{ worksOn }, { takesLock }] = await Promise.all([
      import("./plain-pulumi.ts"),
      import("./pulumi-process.ts"),
    ]);
    return !worksOn(args) && !takesLock(args);
  }
  return ["help", "--help", "-h", "verify", "smoke", "doctor", "status", "plan", "env"].includes(name);
}

/** The exit code of a command that has printed all that it had to: no success where some of it is lost. */
async function printedCode(code: number, name: string, args: readonly string[], output: Output) {
  if (!(await isToBeRead(name, args))) return code;
  const lost = await output.unwritten();
  if (lost === undefined) return code;
  output.say(`not all could be printed: ${lost}`);
  return 1;
}

async function main([name = "help", ...args]: readonly string[], caller: Caller): Promise<number> {
  const { output } = caller;
  if (["help", "--help", "-h"].includes(name)) {
    output.print(help);
    return printedCode(0, name, args, output);
  }
  const command = commands[name];
  if (command === undefined) {
    output.say(`got ${JSON.stringify(name)}, want one of ${Object.keys(commands).join(", ")}`);
    return 2;
  }
  if (!command.accepts(args)) {
    output.say(`usage: ./machine ${command.usage}`);
    return 2;
  }
  try {
    return await printedCode(await command.run(args, caller), name, args, output);
  } catch (error) {
    const expected = error instanceof Problem || (error as Error).name === "SettingsError";
    output.say(`${expected ? (error as Error).message : (error as Error).stack}`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2), {
  env: { ...process.env },
  projectDir: resolve(import.meta.dirname, ".."),
  output: new Output(),
});
