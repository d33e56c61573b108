import { resolve } from "node:path";
import { CommanderError } from "commander";
import { Problem } from "../lib/problem.ts";
import type { Caller, StackCaller } from "./caller.ts";
import { type Act, commandLine, type Given } from "./commands.ts";
import { exitCodes, NotUnderstood } from "./exit-codes.ts";
import { Output } from "./terminal.ts";

/** The stack that a command means that may name none. */
async function onStack(
  { stack }: { readonly stack?: string | undefined },
  caller: Caller,
): Promise<StackCaller> {
  const { defaultStack } = await import("./default-stack.ts");
  const meant = stack ?? defaultStack(caller);
  caller.output.stack = meant;
  return { ...caller, stack: meant };
}

/** What each command does. It loads what it needs only then, and gives the exit code. */
const acts: { readonly [Name in keyof Given]: (given: Given[Name], caller: Caller) => Promise<number> } = {
  up: async ({ stack, options }, caller) => (await import("./up.ts")).up({ ...caller, stack }, options),
  preview: async ({ stack, options }, caller) =>
    (await import("./preview.ts")).preview({ ...caller, stack }, options),
  destroy: async ({ stack, options }, caller) =>
    (await import("./destroy.ts")).destroy({ ...caller, stack }, options),
  remove: async (given, caller) =>
    (await import("./remove.ts")).remove(given, { ...caller, stack: given.stack }),
  new: async (given, caller) => (await import("./new.ts")).newStack(given, caller),
  lock: async (given, caller) => {
    const code = await (await import("./lock.ts")).lock(given, caller);
    // A connection that was given up may stay open as long as the other end likes: it is not waited for.
    setTimeout(() => process.exit(), 100).unref();
    return code;
  },
  doctor: async (given, caller) => (await import("./doctor.ts")).doctor(given, await onStack(given, caller)),
  status: async (given, caller) =>
    (await import("./status.ts")).status(await onStack(given, caller), given.json),
  verify: async (given, caller) =>
    (await import("./verify.ts")).verify(await onStack(given, caller), given.json),
  report: async (given, caller) =>
    (await import("./report.ts")).report(await onStack(given, caller), given.out),
  oracle: async (given, caller) => (await import("./oracle.ts")).oracle(given, await onStack(given, caller)),
  plan: async (given, caller) =>
    given.check === undefined
      ? (await import("./plan.ts")).plan(await onStack(given, caller), given.json)
      : (await import("./plan-check.ts")).planCheck({ ...given, check: given.check }, caller),
  demo: async (given, caller) => (await import("./demo.ts")).demo(given, await onStack(given, caller)),
  run: async (given, caller) => (await import("./run.ts")).run(given, caller),
  clean: async (given, caller) => (await import("./clean.ts")).clean(given, await onStack(given, caller)),
  list: async ({ json }, caller) => (await import("./list.ts")).list(caller, json),
  settings: async (given, caller) =>
    (await import("./settings.ts")).settings(await onStack(given, caller), given.json),
  set: async (given, caller) => (await import("./set.ts")).set(given, { ...caller, stack: given.stack }),
  env: async ({ stack, json }, caller) => (await import("./env.ts")).env({ ...caller, stack }, json),
  completion: async ({ shell }, caller) => (await import("./completion.ts")).completion(shell, caller),
  complete: async ({ words }, caller) =>
    (await import("./complete.ts")).complete(
      commandLine(async () => {}, caller.output),
      words,
      caller,
    ),
  pulumi: async (given, caller) => (await import("./plain-pulumi.ts")).plainPulumi(given.arguments, caller),
  rehearsal: async (given, caller) => (await import("./rehearsal.ts")).rehearsalCommand(given, caller),
};

/** Whether what a command prints is its work: that of others goes on without a word. */
async function isToBeRead<Name extends keyof Given>(name: Name, given: Given[Name]): Promise<boolean> {
  if (name === "report") return (given as Given["report"]).out === "-";
  if (name === "pulumi") {
    const { arguments: args } = given as Given["pulumi"];
    const [{ worksOn }, { takesLock }] = await Promise.all([
      import("./plain-pulumi.ts"),
      import("./pulumi-process.ts"),
    ]);
    return !worksOn(args) && !takesLock(args);
  }
  return ["verify", "oracle", "demo", "doctor", "status", "plan", "env", "list", "settings"].includes(name);
}

/** The exit code of what has printed all that it had to: no success where some of it is lost. */
async function printedCode(code: number, output: Output): Promise<number> {
  const lost = await output.unwritten();
  if (lost === undefined) return code;
  output.say(`part of the output could not be printed: ${lost}`);
  return exitCodes.failed;
}

async function main(args: readonly string[], caller: Caller): Promise<number> {
  const { output } = caller;
  let code = exitCodes.done;
  const act: Act = async (name, given) => {
    output.stack = (given as { readonly stack?: string }).stack;
    code = await acts[name](given, caller);
    if (await isToBeRead(name, given)) code = await printedCode(code, output);
  };
  try {
    await commandLine(act, output).parseAsync(args.length === 0 ? ["help"] : args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? printedCode(exitCodes.done, output) : exitCodes.notUnderstood;
    const expected = error instanceof Problem || (error as Error).name === "SettingsError";
    output.say(`${expected ? (error as Error).message : (error as Error).stack}`);
    return error instanceof NotUnderstood ? exitCodes.notUnderstood : exitCodes.failed;
  }
}

process.exitCode = await main(process.argv.slice(2), {
  env: { ...process.env },
  projectDir: resolve(import.meta.dirname, ".."),
  output: new Output(),
});
