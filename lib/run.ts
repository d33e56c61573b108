/** Runs other programs, without a shell. What runs when this process ends is ended with it. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { Problem } from "./problem.ts";

/** How a program is run. */
export interface RunOptions {
  /** All of its variables: `environmentFor` gives them. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder to run in. Default: this process's. */
  readonly cwd?: string;
  /** Time limit in seconds, after which the program is killed. Default: none. */
  readonly timeoutSeconds?: number;
  /** Kills the program before. Default: never. */
  readonly abort?: AbortSignal;
  /** Seconds that the program has after an abort, of which SIGTERM tells it, to end by itself. Default: none. */
  readonly patienceSeconds?: number;
  /**
   * Whether what is sent to this process's group, as a terminal's interrupt is, leaves the program alone; where it is
   * killed, all that it has started is. Default: false.
   */
  readonly ownSession?: boolean;
  /** What the program's standard input gives. Default: nothing. */
  readonly input?: string | Uint8Array;
  /** Bytes of each stream that are kept, the last ones. Default: 400,000. */
  readonly keep?: number;
  /** Gets each line of standard output as it comes. */
  readonly onLine?: (line: string) => void;
  /** Gets each line of standard error as it comes. */
  readonly onErrorLine?: (line: string) => void;
}

/** How a program ended. */
export interface RunResult {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it is. */
  readonly bytes: Buffer;
  readonly timedOut: boolean;
  /** In words, such as `ended with 1` or `did not end within 10 s`. */
  readonly ending: string;
  /** Its process number. */
  readonly pid: number | undefined;
}

/** Runs a program and collects what it prints. Throws a Problem only where it cannot be started. */
export function run(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { cwd, env, timeoutSeconds, abort, patienceSeconds, ownSession = false, input } = options;
  const { keep = 400_000 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env,
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      detached: ownSession,
    });
    const endWithThis = () => kill(child, ownSession, "SIGTERM");
    const killNow = () => kill(child, ownSession, "SIGKILL");
    let timedOut = false;
    const end = () => {
      timedOut = true;
      killNow();
    };
    // Not spawn's own time limit: its timer goes on where the program cannot be started.
    const timer = timeoutSeconds === undefined ? undefined : setTimeout(end, timeoutSeconds * 1000);
    let patience: NodeJS.Timeout | undefined;
    const onAbort = () => {
      if (patienceSeconds === undefined) return killNow();
      endWithThis();
      patience = setTimeout(killNow, patienceSeconds * 1000);
    };
    abort?.addEventListener("abort", onAbort, { once: true });
    watch(endWithThis);
    const release = () => {
      clearTimeout(timer);
      clearTimeout(patience);
      abort?.removeEventListener("abort", onAbort); // its pid may be another's from now on
      unwatch(endWithThis);
    };
    const stdout = new Tail(keep);
    const stderr = new Tail(keep);
    child.stdout?.on("data", (chunk: Buffer) => stdout.add(chunk));
    child.stderr?.on("data", (chunk: Buffer) => stderr.add(chunk));
    if (options.onLine !== undefined && child.stdout !== null) eachLine(child.stdout, options.onLine);
    if (options.onErrorLine !== undefined && child.stderr !== null)
      eachLine(child.stderr, options.onErrorLine);
    child.stdin?.on("error", () => {}).end(input); // a program may end without reading its input
    child.on("error", (error) => {
      release();
      reject(notStarted(file, cwd, error));
    });
    child.on("close", (code, signal) => {
      release();
      const ending = timedOut
        ? `did not end within ${timeoutSeconds} s`
        : signal === null
          ? `ended with ${code}`
          : `was ended by ${signal}`;
      const bytes = stdout.bytes();
      resolve({
        ...{ code, stdout: bytes.toString(), stderr: stderr.bytes().toString() },
        ...{ bytes, timedOut, ending, pid: child.pid },
      });
    });
  });
}

/** Runs a program and gives its standard output, trimmed. Throws a Problem with what it printed where it fails. */
export async function output(file: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { code, stdout, stderr, ending } = await run(file, args, options);
  if (code === 0) return stdout.trim();
  const said = (stderr.trim() || stdout.trim()).split("\n").slice(-LAST_LINES).join("\n");
  throw new Problem(`${[file, ...args].join(" ")} ${ending}${said && `:\n${said}`}`, {
    advice: `fix what ${basename(file)} reports, then run the command again`,
  });
}

/** Lines of what a program printed that a message has. */
const LAST_LINES = 20;

/** What a program answers, trimmed; undefined where it is not there, does not run, or fails. */
export async function answerOf(
  file: string,
  args: readonly string[],
  options: RunOptions,
): Promise<string | undefined> {
  try {
    return await output(file, args, options);
  } catch {
    return undefined;
  }
}

function notStarted(file: string, cwd: string | undefined, cause: NodeJS.ErrnoException): Problem {
  if (cwd !== undefined && !existsSync(cwd))
    return new Problem(
      `the folder ${cwd}, in which ${file} would run, does not exist`,
      { advice: "run the command again, in a folder that exists" },
      { cause },
    );
  const install = { advice: `install ${basename(file)}, then run the command again` };
  if (cause.code !== "ENOENT")
    return new Problem(`${file} cannot be started: ${cause.message}`, install, { cause });
  return file.includes("/")
    ? new Problem(`${file} is not there, or does not run here`, install, { cause })
    : new Problem(`${file} is not on PATH`, install, { cause });
}

/** The last bytes of a stream. */
class Tail {
  readonly #keep: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(keep: number) {
    this.#keep = keep;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    for (
      let [first] = this.#chunks;
      first && this.#size - first.length >= this.#keep;
      [first] = this.#chunks
    ) {
      this.#size -= first.length;
      this.#chunks.shift();
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks).subarray(-this.#keep);
  }
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = "";
  stream.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(take);
  });
}

/** Sends a signal to a program; of a session of its own, to all that it has started. */
function kill(child: ChildProcess, ownSession: boolean, signal: NodeJS.Signals): void {
  try {
    if (!ownSession) child.kill(signal);
    else if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const running = new Set<() => void>();

function watch(end: () => void): void {
  if (running.size === 0) {
    process.once("exit", endAll);
    // First, so that it sees who else listens.
    for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  }
  running.add(end);
}

function unwatch(end: () => void): void {
  if (running.delete(end) && running.size === 0) ignore();
}

function ignore(): void {
  process.off("exit", endAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function endAll(): void {
  for (const end of running) end();
}

/** A signal ends this process, and with it what it runs, unless somebody else listens for it. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  endAll();
  ignore();
  process.kill(process.pid, signal);
}
