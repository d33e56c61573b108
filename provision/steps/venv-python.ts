import { join, resolve } from "node:path";
import { environmentFor } from "../../lib/environment.ts";
import { type RunOptions, type RunResult, run } from "../../lib/run.ts";

/** One of this project's programs for that Python, by the name of its file. */
export function programAt(name: string): string {
  return join(import.meta.dirname, "python", name);
}

/** The Python of a checkout's own environment. */
export function venvPython(folder: string): string {
  return resolve(folder, ".venv", "bin", "python");
}

/**
 * How it is run in the checkout, to be asked about itself or about a service.
 *
 * @param dockerHost engine that it asks. Default: none.
 */
export function venvPythonOptions(folder: string, dockerHost?: string) {
  return { cwd: folder, env: environmentFor("cooperbench", process.env, { DOCKER_HOST: dockerHost }) };
}

/** Runs the Python of a checkout's own environment in the checkout, and collects what it prints. */
export function runVenvPython(
  folder: string,
  args: readonly string[],
  options: Partial<Omit<RunOptions, "cwd">> = {},
): Promise<RunResult> {
  return run(venvPython(folder), args, { ...venvPythonOptions(folder), ...options });
}

/** The result of such a program: the last line of its standard output, whatever its packages print before. */
export function lastLineOf<Result>(stdout: string): Result {
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Result;
}

/** The kind of error that such a program ended with, by the last line of its standard error; never what that says. */
export function errorKindOf(stderr: string): string {
  return /^[\w.]+(?=:|$)/.exec(stderr.trim().split("\n").at(-1) ?? "")?.[0] ?? "no word";
}
