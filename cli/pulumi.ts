import { spawn } from "node:child_process";
import type { Environment } from "../lib/environment.ts";
import { type RunOptions, type RunResult, run } from "../lib/run.ts";
import { exitCode, passSignals } from "./on-terminal.ts";
import { pulumiProcess } from "./pulumi-process.ts";
import type { Output } from "./terminal.ts";

/** Pulumi, as a command has it. */
export interface Pulumi {
  /** Absolute path of its executable. */
  readonly file: string;
  /** The project's folder, which it works in. */
  readonly projectDir: string;
  /** The variables that its own are chosen from. */
  readonly env: Environment;
}

/** Runs Pulumi on this terminal. Gives its exit code, whether or not somebody reads what it prints. */
export function showPulumi(
  { pulumi, output }: { readonly pulumi: Pulumi; readonly output: Output },
  args: readonly string[],
): Promise<number> {
  return new Promise((resolve, reject) => {
    const { file, args: started, env, ended } = pulumiProcess(pulumi, args);
    // A stream that is no terminal is copied: a program whose reader is gone is ended by its next word.
    const copied = (isTerminal: boolean) => (isTerminal ? "inherit" : "pipe");
    const child = spawn(file, started, {
      cwd: pulumi.projectDir,
      env,
      stdio: ["inherit", copied(output.isTerminal.stdout), copied(output.isTerminal.stderr)],
    });
    child.stdout?.on("data", output.print);
    child.stderr?.on("data", output.note);
    const release = passSignals(child);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      release();
      ended(child.pid, code);
      resolve(exitCode(code, signal));
    });
  });
}

/** Characters of what Pulumi prints that are kept: the state of a stack is half a million. */
const keptOutput = 100_000_000;

/**
 * Runs Pulumi and collects what it prints.
 *
 * @param options `input` takes secrets to it by standard input.
 */
export async function quietPulumi(
  pulumi: Pulumi,
  args: readonly string[],
  options: Pick<RunOptions, "input" | "timeoutSeconds"> = {},
): Promise<RunResult> {
  const { file, args: started, env, ended } = pulumiProcess(pulumi, ["--non-interactive", ...args]);
  const result = await run(file, started, { cwd: pulumi.projectDir, keep: keptOutput, env, ...options });
  ended(result.pid, result.code);
  return result;
}
