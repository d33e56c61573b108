import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
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

/** Variables of the user's that a fetch may need: for how to reach a host and who asks. */
const ofNetwork =
  /^GIT_(SSH|ASKPASS|SSL_|PROXY|HTTP|CURL|TRACE|ALLOW_PROTOCOL|PROTOCOL|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_|VALUE_))/;

/** The change to this process's variables for a git command: none of the user's GIT_ variables but those of `keep`. */
function variables(keep: (name: string) => boolean, more: Readonly<Record<string, string>>) {
  const away = Object.keys(process.env).filter(
    (name) => name.startsWith("GIT_") && name !== "GIT_EXEC_PATH" && !keep(name),
  );
  return {
    ...Object.fromEntries(away.map((name) => [name, undefined])),
    GIT_TERMINAL_PROMPT: "0",
    ...more,
  };
}

/** The variables of a command that asks or changes a checkout: no file of settings but the checkout's own is read. */
const sealed = (folder: string, env: Readonly<Record<string, string>> = {}) =>
  variables(() => false, {
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_OPTIONAL_LOCKS: "0",
    // A folder whose .git is broken must not be answered for by a repository above it.
    GIT_CEILING_DIRECTORIES: dirname(folder),
    LC_ALL: "C",
    ...env,
  });

/** More of a git command. */
export interface GitOptions {
  /** Variables of its own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text for its standard input. */
  readonly input?: string;
}

const keep = 200_000_000; // Characters: a list that is cut off would hide files.

function problem(args: readonly string[], { code, stdout, stderr }: RunResult): Problem {
  return new Problem(
    `git ${args.join(" ")} ended with ${code ?? "a signal"}:\n${(stderr || stdout).trim().slice(-4000)}`,
  );
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

/** What a git command prints that is run in a folder's checkout, as it is. Throws a Problem where it fails. */
export async function gitText(
  folder: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  const result = await gitRun(folder, args, options);
  if (result.code !== 0) throw problem(["-C", folder, ...args], result);
  return result.stdout;
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
  const { stdout } = await promisify(execFile)("git", [...fixed, "-C", folder, ...args], {
    env: { ...process.env, ...sealed(folder) },
    encoding: "buffer",
    maxBuffer: keep,
  });
  return stdout;
}

/**
 * Runs git against another repository: with the user's settings, which say how it is reached, and as few of them as
 * possible for what is written here.
 */
export async function gitNetwork(...args: string[]): Promise<void> {
  const result = await run("git", [...fixed, "-c", "init.defaultRefFormat=files", ...args], {
    env: variables((name) => ofNetwork.test(name), {}),
  });
  if (result.code !== 0) throw problem(args, result);
}

/** The commit that a checkout is at. */
export const headOf = (folder: string) => git(folder, "rev-parse", "--verify", "HEAD");
