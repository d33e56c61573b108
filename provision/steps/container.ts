import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type Docker from "dockerode";
import { assertGoesOn } from "../../lib/abort.ts";
import { type RunOptions, type RunResult, run } from "../../lib/run.ts";
import { type ContainerClient, type Engine, EngineError, isNone } from "../engine/client.ts";
import { temporaryLabels } from "../ownership/temporary.ts";

/** Seconds that a client has to end, once its container is being removed; what it asks of the engine goes on there. */
const ENDING_SECONDS = 10;

/** A container that is gone when its work is done; its labels say whose it is and which process made it. */
export interface TemporaryContainer {
  /** One that no other process gives (`temporaryName`). */
  readonly name: string;
  /** Label that it has, with its name as the value: what has the name alone is another's, and is left. */
  readonly label: string;
  /** The stack that it is of, as `stackIdentity` has it. */
  readonly stack: string;
}

/** Its labels. */
export function labelsOf({ name, label, stack }: TemporaryContainer): Readonly<Record<string, string>> {
  return { [label]: name, ...temporaryLabels(stack) };
}

/** What a container is made of, beside its name and labels. */
export type ContainerSpec = Omit<Docker.ContainerCreateOptions, "name" | "Labels">;

/**
 * Creates a container, has it used, and removes it however that ends: an abort takes it away at once, which ends its use.
 *
 * @throws a Problem where it was aborted, and the engine's own error where that refuses.
 */
export async function withContainer<Result>(
  engine: Engine,
  container: TemporaryContainer,
  spec: ContainerSpec,
  abort: AbortSignal | undefined,
  use: (made: ContainerClient) => Promise<Result>,
): Promise<Result> {
  assertGoesOn(abort);
  let made: ContainerClient | undefined;
  const remove = () => void (made && takeAway(made).catch(() => {})); // once more below
  try {
    // Not to be given up: the engine may make it after that, when nobody removes it.
    made = await engine.createContainer({ ...spec, name: container.name, Labels: labelsOf(container) });
    assertGoesOn(abort);
    abort?.addEventListener("abort", remove, { once: true });
    const result = await use(made);
    assertGoesOn(abort);
    return result;
  } catch (error) {
    assertGoesOn(abort); // else it is told as what the container's loss has led to
    throw error;
  } finally {
    abort?.removeEventListener("abort", remove);
    await (made === undefined ? removeContainer(engine, container) : takeAway(made));
  }
}

/** How a container ended. */
export interface Ended {
  /** Exit code; undefined where the time limit came first, and it still runs. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts a container, and waits for its end.
 *
 * @param keep characters of each stream that are kept, the last ones.
 */
export async function startAndWait(
  made: ContainerClient,
  { timeoutSeconds, keep }: { readonly timeoutSeconds: number; readonly keep: number },
): Promise<Ended> {
  const stream = await made.attach();
  const heard = listen(stream, keep);
  try {
    await made.start();
    const limit = AbortSignal.timeout(timeoutSeconds * 1000);
    const ended = await made.wait(limit).catch((error) => {
      if (!limit.aborted) throw error;
    });
    if (ended !== undefined) await heard.whole;
    return { code: ended?.StatusCode, ...heard.said };
  } finally {
    stream.destroy();
  }
}

/** Takes what a container prints out of Docker's frames: which stream, three zeros, four bytes of length, then so many. */
function listen(stream: Readable, keep: number) {
  const said = { stdout: "", stderr: "" };
  let rest = Buffer.alloc(0);
  stream.on("data", (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32BE(4)) {
      const end = 8 + rest.readUInt32BE(4);
      const name = rest.readUInt8(0) === 2 ? "stderr" : "stdout";
      said[name] = (said[name] + rest.toString("utf8", 8, end)).slice(-keep);
      rest = rest.subarray(end);
    }
  });
  const whole = new Promise<void>((resolve) => {
    for (const event of ["end", "close", "error"]) stream.once(event, resolve);
  });
  return { said, whole };
}

/** How a client is run that makes, uses and removes a container. */
export interface ClientOptions extends Omit<RunOptions, "ownSession" | "timeoutSeconds" | "abort"> {
  readonly engine: Engine;
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
  { engine, container, timeoutSeconds, abort, ...options }: ClientOptions,
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
    await removeContainer(engine, container).catch(() => {}); // an engine that does not answer ends its client, too
    await Promise.race([client, delay(100)]);
  }
  clearTimeout(patience);
  const result = await client;
  if (result.code !== 0) await removeContainer(engine, container);
  assertGoesOn(abort);
  return { ...result, timedOut };
}

/** Removes the temporary container of a name, running or not; what has the name alone is another's. */
export async function removeContainer(
  engine: Engine,
  { name, label }: Pick<TemporaryContainer, "name" | "label">,
): Promise<void> {
  const there = engine.getContainer(name);
  const found = await there.inspect().catch((error) => {
    if (!isNone(error)) throw error;
  });
  if (found?.Config.Labels[label] === name) await takeAway(there);
}

/** Removes a container with its volumes; that there is none is fine, or that it is going. */
async function takeAway(there: ContainerClient): Promise<void> {
  try {
    await there.remove({ withVolumes: true });
  } catch (error) {
    if (!isNone(error) && !(error instanceof EngineError && error.status === 409)) throw error;
  }
}
