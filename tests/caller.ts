import { PassThrough } from "node:stream";
import type { StackCaller } from "../cli/caller.ts";
import { Output } from "../cli/terminal.ts";
import type { Environment } from "../lib/environment.ts";

/** Where a command prints that a test calls, and what it has printed since the last look. */
export function recordedOutput(
  terminal: { isTTY?: boolean; columns?: number; rows?: number } = {},
  env: Environment = {},
  clock?: () => number,
) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const stream = (of: PassThrough) =>
    Object.assign(of, { isTTY: false, ...terminal }) as unknown as NodeJS.WriteStream;
  return {
    output: new Output(stream(stdout), stream(stderr), env, clock),
    printed: () => String(stdout.read() ?? ""),
    resize: (size: { columns: number; rows: number }) => void Object.assign(stdout, size),
    noted: () => String(stderr.read() ?? ""),
  };
}

/** Whoever calls a command on a stack of a folder. */
export function callerOf(projectDir: string, stack: string, env: Environment = process.env): StackCaller {
  return { projectDir, stack, env, output: recordedOutput().output };
}
