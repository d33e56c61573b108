import { stripVTControlCharacters } from "node:util";
import { type Environment, environmentFor } from "../../lib/environment.ts";
import { Problem } from "../../lib/problem.ts";
import { output, type RunResult, run } from "../../lib/run.ts";
import { ENGINE_SECONDS, identityOptions } from "./container.ts";

/** Label of every container of an oracle; its value is the container's name. */
export const oracleLabel = "cooperbench-machine.oracle";

const LAST_LINES = 20;
const LAST_CHARACTERS = 2000;

/** A container of an image's own entrypoint, the runner. */
export interface OracleContainer {
  readonly name: string;
  /** The stack that it is of, as `stackIdentity` has it. */
  readonly stack: string;
  /** Id or reference of the image; it must be on the engine already. */
  readonly image: string;
  /** Arguments of the runner: names of patches. */
  readonly patches: readonly string[];
  /** Bytes of memory that it may have; what takes more is killed. */
  readonly memoryBytes: number;
  /** Variables of docker's client, on top of this process's. Default: none. */
  readonly env?: Environment | undefined;
}

/** How a runner ended. */
export interface Ended {
  /** Exit code; undefined where the time limit ended it. */
  readonly code: number | undefined;
  readonly outOfMemory: boolean;
  /** What it was doing for, in seconds. */
  readonly seconds: number;
  /** The last lines of what it has printed, without control characters; at most 4 kB. */
  readonly lastLines: string;
}

/** Creates a container. Throws a Problem where the engine refuses. */
export async function createContainer(wanted: OracleContainer): Promise<void> {
  const { name, stack, image, patches, memoryBytes, env } = wanted;
  const container = { name, label: oracleLabel, stack };
  // Runners install packages, so they have the network. No limit of cpus: the engine shares them out.
  const limits = [`--memory=${memoryBytes}`, "--pids-limit=8192"];
  const args = ["create", "--pull=never", ...identityOptions(container), ...limits, image, ...patches];
  // Not to be ended by a signal: the engine may make the container after that, when it is no longer removed.
  const options = { ...quick(env), ownSession: true };
  const created = await run("docker", args, options);
  if (created.code !== 0) throw new Problem(`docker create failed: ${saidBy(created)}`);
}

/** Copies a folder's files into a folder of a container that is not running, which is made where it is not there. */
export async function copyIn(
  folder: string,
  container: string,
  target: string,
  env: Environment = process.env,
): Promise<void> {
  await output("docker", ["cp", `${folder}/.`, `${container}:${target}`], {
    timeoutSeconds: ENGINE_SECONDS,
    env: environmentFor("docker", env),
  });
}

/** Copies a file out of a container. Gives false where it has no such file. */
export async function copyOut(
  container: string,
  path: string,
  target: string,
  env: Environment = process.env,
): Promise<boolean> {
  const copied = await run("docker", ["cp", "--follow-link", `${container}:${path}`, target], {
    timeoutSeconds: ENGINE_SECONDS,
    env: environmentFor("docker", env),
  });
  if (copied.code === 0) return true;
  if (/could not find the file|no such file/i.test(copied.stderr)) return false;
  throw new Problem(`docker cp failed: ${saidBy(copied)}`);
}

/** Starts a container and waits for its end. Throws a Problem where it could not be started or watched. */
export async function startContainer(
  name: string,
  timeoutSeconds: number,
  env: Environment = process.env,
): Promise<Ended> {
  const started = performance.now();
  const result = await run("docker", ["start", "--attach", name], {
    env: environmentFor("docker", env),
    timeoutSeconds,
    keep: LAST_CHARACTERS,
  });
  const seconds = Math.round(performance.now() - started) / 1000;
  const lastLines = lastLinesOf(result.stdout, result.stderr);
  if (result.timedOut) return { code: undefined, outOfMemory: false, seconds, lastLines };
  // Not the client's exit code: that is 1 as well where the client has lost its engine, or never found it.
  const state = await stateOf(name, env);
  if (state?.Status !== "exited" || state.Error !== "")
    throw new Problem(`docker start failed: ${state?.Error || saidBy(result)}`);
  return { code: state.ExitCode, outOfMemory: state.OOMKilled, seconds, lastLines };
}

interface State {
  readonly Status: string;
  readonly ExitCode: number;
  readonly OOMKilled: boolean;
  readonly Error: string;
}

async function stateOf(container: string, env: Environment): Promise<State | undefined> {
  const args = ["container", "inspect", "--format", "{{json .State}}", container];
  const { code, stdout } = await run("docker", args, quick(env));
  return code === 0 ? (JSON.parse(stdout) as State) : undefined;
}

/** How the client is run for what the engine does at once. */
function quick(env: Environment = process.env) {
  return { env: environmentFor("docker", env), timeoutSeconds: ENGINE_SECONDS };
}

function saidBy({ stdout, stderr, timedOut }: RunResult): string {
  if (timedOut) return `the engine did not answer within ${ENGINE_SECONDS} s`;
  return lastLinesOf(stdout, stderr) || "it printed nothing";
}

/** The last lines of each stream: which came first is not known. */
export function lastLinesOf(...streams: readonly string[]): string {
  return streams
    .map((text) => stripVTControlCharacters(text).replaceAll(/[^\P{Cc}\n\t]/gu, ""))
    .map((text) => text.trimEnd().split("\n").slice(-LAST_LINES).join("\n").slice(-LAST_CHARACTERS))
    .filter((text) => text !== "")
    .join("\n");
}
