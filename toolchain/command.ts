/** Runs other programs, with their output kept. */
import { spawn } from "node:child_process";

/** How a program ended, and what it printed. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a program. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** After so many milliseconds the program is killed and counts as failed. */
  readonly timeoutMs?: number;
  /** Gets each line of standard error as it comes. */
  readonly onErrorLine?: (line: string) => void;
}

/** Runs a program to its end. A program that cannot be started is a result too, with code null. */
export function run(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    // Not spawn's own time limit: its timer goes on, and keeps this process, where the program cannot be started.
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => child.kill("SIGKILL"), options.timeoutMs);
    const end = () => child.kill();
    process.once("exit", end);
    let [stdout, stderr, rest] = ["", "", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) options.onErrorLine?.(line);
    });
    const finish = (code: number | null, message = "") => {
      clearTimeout(timer);
      process.off("exit", end);
      resolve({ code, stdout, stderr: stderr + message });
    };
    child.once("error", (error) => finish(null, error.message));
    child.once("close", (code) => finish(code));
  });
}

/** Runs a program that must succeed, and returns its standard output. `purpose` begins the error message. */
export async function mustRun(
  purpose: string,
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(file, args, options);
  if (code === 0) return stdout;
  const said = (stderr.trim() || stdout.trim()).split("\n").slice(-20).join("\n");
  throw new Error(
    `${purpose} failed (${[file, ...args].join(" ")}, exit ${code ?? "by a signal"}):\n${said}`,
  );
}
