import { setTimeout as delay } from "node:timers/promises";
import { assertGoesOn } from "../../lib/abort.ts";
import { type Environment, environmentFor } from "../../lib/environment.ts";
import { type RunOptions, type RunResult, run } from "../../lib/run.ts";
import { temporaryLabels } from "../ownership/temporary.ts";

/** Seconds that a client has to end, once its container is being removed; what it asks of the engine goes on there. */
const ENDING_SECONDS = 10;

/** Seconds for what an engine does at once; one over ssh, busy with pulls, takes some. */
export const ENGINE_SECONDS = 60;

/** A container that is gone when its work is done; its labels say whose it is and which process made it. */
export interface TemporaryContainer {
  /** One that no other process gives (`temporaryName`). */
  readonly name: string;
  /** Label that it has, with its name as the value: what has the name alone is another's, and is left. */
  readonly label: string;
  /** The stack that it is of, as `stackIdentity` has it. */
  readonly stack: string;
  /** Variables of docker's client, on top of this process's. Default: none. */
  readonly env?: Environment | undefined;
}

/** Its labels. */
export function labelsOf({ name, label, stack }: TemporaryContainer): Readonly<Record<string, string>> {
  return { [label]: name, ...temporaryLabels(stack) };
}

/** The options of docker that make it so. */
export function identityOptions(container: TemporaryContainer): readonly string[] {
  const labels = Object.entries(labelsOf(container)).flatMap(([key, value]) => [
    "--label",
    `${key}=${value}`,
  ]);
  return ["--name", container.name, ...labels];
}

/** How a client is run that makes, uses and removes a container. */
export interface ClientOptions extends Omit<RunOptions, "ownSession" | "timeoutSeconds" | "abort"> {
  readonly container: TemporaryContainer;
  /** Time limit in seconds, after which the container is removed, and with it the client's work. */
  readonly timeoutSeconds: number;
  /** Ends it before. */
  readonly abort?: AbortSignal | undefined;
}

/**
 * Runs a client of the engine that makes, uses and removes a container, and leaves none, however that ends.
 *
 * A client that a signal ends may have asked for a container that is not there yet, and that nobody removes then. So
 * the client has a session of its own, out of a signal's reach. At the time limit or an abort its container is taken
 * away, again and again, until the client ends for want of it.
 *
 * @throws a Problem where it was aborted.
 */
export async function runWithContainer(
  file: string,
  args: readonly string[],
  { container, timeoutSeconds, abort, ...options }: ClientOptions,
): Promise<RunResult> {
  assertGoesOn(abort);
  const kill = new AbortController();
  let ended = false;
  const client = run(file, args, { ...options, ownSession: true, abort: kill.signal }).finally(() => {
    ended = true;
  });
  const limit = AbortSignal.timeout(timeoutSeconds * 1000);
  const limits = AbortSignal.any(abort === undefined ? [limit] : [limit, abort]);
  await Promise.race([client, new Promise((resolve) => limits.addEventListener("abort", resolve))]);
  const timedOut = !ended;

  const patience = setTimeout(() => kill.abort(), ENDING_SECONDS * 1000);
  while (!ended) {
    await removeContainer(container);
    await Promise.race([client, delay(100)]);
  }
  clearTimeout(patience);
  const result = await client;
  if (result.code !== 0) await removeContainer(container);
  assertGoesOn(abort);
  return { ...result, timedOut };
}

/**
 * Removes a container with its volumes, running or not; that there is none is fine. Gives whether its name is free now:
 * not where another's container has it.
 */
export async function removeContainer({
  name,
  label,
  env = process.env,
}: Pick<TemporaryContainer, "name" | "label" | "env">): Promise<boolean> {
  const format = `{{index .Config.Labels "${label}"}}`;
  const options = { env: environmentFor("docker", env), timeoutSeconds: ENGINE_SECONDS };
  const found = await run("docker", ["container", "inspect", "--format", format, name], options);
  if (found.code !== 0) return true;
  if (found.stdout.trim() !== name) return false;
  await run("docker", ["rm", "--force", "--volumes", name], { ...options, ownSession: true });
  return true;
}
