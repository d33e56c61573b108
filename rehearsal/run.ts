import { spawn } from "node:child_process";

/** How to run a program. */
export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: Buffer | string;
}

/** A program that ended with another code than 0. */
export class RunError extends Error {
  constructor(argv: readonly string[], outcome: string, output: string) {
    const tail = output.trim().split("\n").slice(-15).join("\n");
    super(`"${argv.join(" ")}" ${outcome}${tail === "" ? "" : `:\n${tail}`}`);
    this.name = "RunError";
  }
}

/**
 * Runs a program to its end, with no shell.
 * @returns its standard output.
 * @throws RunError with the tail of both streams when it cannot start or does not end with 0.
 */
export function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const [program, ...args] = argv;
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const out: Buffer[] = [];
    const all: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => {
      out.push(chunk);
      all.push(chunk);
    });
    child.stderr?.on("data", (chunk: Buffer) => all.push(chunk));
    child.on("error", (error) => reject(new RunError(argv, `cannot be run (${error.message})`, "")));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(out).toString());
      else
        reject(new RunError(argv, `ended with ${signal ?? `code ${code}`}`, Buffer.concat(all).toString()));
    });
    if (child.stdin !== null) {
      // A program that ends before it has read everything says why through its code, not through EPIPE.
      child.stdin.on("error", () => {});
      child.stdin.end(options.input);
    }
  });
}

/** Calls `work` on every item, at most `limit` at a time, and keeps the order of the results. */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i] as T);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

/** The program of that name in the folders of `path`, or undefined. */
export async function which(name: string, path = process.env.PATH ?? ""): Promise<string | undefined> {
  const { accessSync, constants, statSync } = await import("node:fs");
  for (const folder of path.split(":").filter((entry) => entry !== "")) {
    const file = `${folder}/${name}`;
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not in this folder; the next may have it.
    }
  }
  return undefined;
}
