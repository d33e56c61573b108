import { dirname } from "node:path";
import pRetry from "p-retry";
import { environmentFor } from "../../../lib/environment.ts";
import { Problem } from "../../../lib/problem.ts";
import { type RunResult, run } from "../../../lib/run.ts";

/**
 * What no file of settings may change, neither the user's nor the checkout's own: what git lists, whether it runs other
 * programs, and what it writes into the files.
 */
const fixed = [
  "core.fsmonitor=false",
  "core.untrackedCache=false",
  "core.hooksPath=/dev/null",
  "core.excludesFile=/dev/null",
  "core.attributesFile=/dev/null",
  "core.autocrlf=false",
  "core.eol=lf",
  "core.quotePath=false",
  "core.logAllRefUpdates=true",
  "color.ui=false",
  "log.showSignature=false",
  "submodule.recurse=false",
  "advice.detachedHead=false",
  // A clean-up in the background would go on when the step has ended.
  "gc.auto=0",
  "maintenance.auto=false",
  // git asks root as well who made a folder; whose a checkout is, is looked at before.
  "safe.directory=*",
].flatMap((setting) => ["-c", setting]);

/** The variables of a command that asks or changes a checkout. */
const sealed = (folder: string, env: Readonly<Record<string, string>> = {}) =>
  environmentFor("git", process.env, {
    // A folder whose .git is broken must not be answered for by a repository above it.
    GIT_CEILING_DIRECTORIES: dirname(folder),
    ...env,
  });

/** More of a git command. */
export interface GitOptions {
  /** Variables of its own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text for its standard input. */
  readonly input?: string;
}

const keep = 400_000_000; // Bytes: a list that is cut off would hide files.

function problem(args: readonly string[], { ending, stdout, stderr }: RunResult): Problem {
  return new Problem(`git ${args.join(" ")} ${ending}:\n${(stderr || stdout).trim().slice(-4000)}`, {
    advice: "fix what git reports, then run the command again",
  });
}

/** Runs git in a folder's checkout, with settings that are always the same. */
export function gitRun(
  folder: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<RunResult> {
  const { input, env } = options;
  return run("git", [...fixed, "-C", folder, ...args], {
    env: sealed(folder, env),
    keep,
    ...(input !== undefined && { input }),
  });
}

/** A git command's result where it succeeds, and else a Problem. */
async function gitResult(folder: string, args: readonly string[], options?: GitOptions): Promise<RunResult> {
  const result = await gitRun(folder, args, options);
  if (result.code !== 0) throw problem(["-C", folder, ...args], result);
  return result;
}

/** What a git command prints that is run in a folder's checkout, as it is. Throws a Problem where it fails. */
export async function gitText(
  folder: string,
  args: readonly string[],
  options?: GitOptions,
): Promise<string> {
  return (await gitResult(folder, args, options)).stdout;
}

/** As `gitText`, trimmed. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  return (await gitText(folder, args)).trim();
}

/** The entries that a git command prints, each ended by a zero byte. */
export async function gitList(
  folder: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<readonly string[]> {
  return (await gitText(folder, args, options)).split("\0").filter((entry) => entry !== "");
}

/** A git command's standard output as it is. */
export async function gitBytes(folder: string, ...args: string[]): Promise<Buffer> {
  return (await gitResult(folder, args)).bytes;
}

/** What git says of an answer that broke off, or of a server that has trouble of its own. */
const passing = /RPC failed|early EOF|unexpected disconnect|hung up unexpectedly|returned error: 5\d\d/;

/**
 * Runs git against another repository: with the user's settings, which say how it is reached, and as few of them as
 * possible for what is written here. What may pass is tried again, after 2 and 6 seconds. Gives what it prints.
 */
export async function gitNetwork(...args: string[]): Promise<string> {
  const attempt = async () => {
    const result = await run("git", [...fixed, "-c", "init.defaultRefFormat=files", ...args], {
      env: environmentFor("git-remote"),
    });
    if (result.code !== 0) throw problem(args, result);
    return result.stdout;
  };
  const shouldRetry = ({ error }: { error: Error }) => passing.test(error.message);
  return pRetry(attempt, { retries: 2, minTimeout: 2000, factor: 3, shouldRetry });
}

/** The commit that a checkout is at. */
export const headOf = (folder: string) => git(folder, "rev-parse", "--verify", "HEAD");
