import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { environmentFor } from "../lib/environment.ts";
import { type RunOptions, type RunResult, run } from "../lib/run.ts";
import { BriefDisplay } from "./display.ts";
import { pulumiProcess } from "./pulumi-process.ts";
import { projectDir } from "./session.ts";
import { isInColour, statusTerminal } from "./terminal.ts";

/**
 * Runs Pulumi in the project's folder on this terminal. Gives its exit code.
 *
 * @param brief leaves out lines that say nothing, and shows how far the pulls are: in the last line of a terminal, and
 *   every ten seconds in a log. Without it Pulumi draws on a terminal itself. Default: false.
 */
export function pulumi(executable: string, args: readonly string[], brief = false): Promise<number> {
  return new Promise((resolve, reject) => {
    const inColour = brief && isInColour();
    const [command = "", ...rest] = args;
    const coloured = inColour ? [command, "--color", "always", ...rest] : args;
    const { file, args: started, env, ended } = pulumiProcess(executable, coloured);
    const child = spawn(file, started, {
      cwd: projectDir,
      env: environmentFor("pulumi", process.env, env),
      stdio: ["inherit", brief ? "pipe" : "inherit", "inherit"],
    });
    if (child.stdout !== null) {
      const display = new BriefDisplay();
      const terminal = statusTerminal();
      createInterface({ input: child.stdout })
        .on("line", (line) => {
          const { lines, progress } = display.take(line);
          terminal.print(lines);
          if (progress !== undefined) terminal.status(progress);
        })
        .on("close", () => {
          terminal.print(display.end());
          terminal.status("");
        });
    }
    // A terminal sends its interrupt to Pulumi, too, which takes a second one as an order to stop at once.
    const pass = (signal: NodeJS.Signals) =>
      (signal === "SIGINT" && process.stdin.isTTY) || child.kill(signal);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, pass);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(name, pass);
      ended(child.pid, code);
      resolve(code ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
}

/** Characters of what Pulumi prints that are kept: the state of a stack is half a million. */
const keptOutput = 100_000_000;

/**
 * Runs Pulumi in the project's folder and collects what it prints.
 *
 * @param options `input` takes secrets to it by standard input.
 */
export async function quietPulumi(
  executable: string,
  args: readonly string[],
  options: Pick<RunOptions, "input" | "timeoutSeconds"> = {},
): Promise<RunResult> {
  const started = pulumiProcess(executable, ["--non-interactive", ...args]);
  const { file, ended } = started;
  const env = environmentFor("pulumi", process.env, started.env);
  const result = await run(file, started.args, { cwd: projectDir, keep: keptOutput, env, ...options });
  ended(result.pid, result.code);
  return result;
}
