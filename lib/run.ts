import { type ChildProcess, spawn } from "node:child_process";
import { Problem } from "./problem.ts";

/** How a program is run. */
export interface RunOptions {
  /** Folder to run in. Default: this process's. */
  readonly cwd?: string;
  /** Variables on top of this process's; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Time limit in seconds, after which the program is killed. Default: none. */
  readonly timeoutSeconds?: number;
  /** Kills the program before. Default: never. */
  readonly abort?: AbortSignal;
  /**
   * Whether what is sent to this process's group, as a terminal's interrupt is, leaves the program alone; where it is
   * killed, all that it has started is. Default: false.
   */
  readonly ownSession?: boolean;
  /** Text for the program's standard input. Default: none. */
  readonly input?: string;
  /** Characters of each stream that are kept, the last ones. Default: 100,000. */
  readonly keep?: number;
}

/** How a program ended. */
export interface RunResult {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** Its process number. */
  readonly pid?: number | undefined;
}

/** Runs a program without a shell and collects what it prints. Throws only where it cannot be started. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { timeoutSeconds, keep = 100_000 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      detached: options.ownSession === true,
    });
    const kill = () => (options.ownSession === true ? killGroup(child) : child.kill("SIGKILL"));
    options.abort?.addEventListener("abort", kill, { once: true });
    let timedOut = false;
    const end = () => {
      timedOut = true;
      kill();
    };
    // Not spawn's own time limit: its timer goes on where the program cannot be started.
    const timer = timeoutSeconds === undefined ? undefined : setTimeout(end, timeoutSeconds * 1000);
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      stdout = (stdout + text).slice(-keep);
    });
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      stderr = (stderr + text).slice(-keep);
    });
    child.stdin?.on("error", () => {}).end(options.input); // a program may end without reading its input
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(error.code === "ENOENT" ? new Problem(`${file} is not on PATH`, { cause: error }) : error);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      options.abort?.removeEventListener("abort", kill); // its pid may be another's from now on
      resolve({ code, stdout, stderr, timedOut, pid: child.pid });
    });
  });
}

/** Kills a program of a session of its own with all that it has started. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Runs a program and gives its standard output, trimmed. Throws a Problem with what it printed where it fails. */
export async function output(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const result = await run(file, args, options);
  if (result.code === 0) return result.stdout.trim();
  const how = result.timedOut
    ? `did not end within ${options.timeoutSeconds} s`
    : `ended with ${result.code ?? "a signal"}`;
  throw new Problem(`${file} ${args.join(" ")} ${how}:\n${(result.stderr || result.stdout).trim()}`);
}
