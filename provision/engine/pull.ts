import { addAbortSignal, type Readable } from "node:stream";
import type Docker from "dockerode";
import { type Clock, machineClock } from "../../lib/clock.ts";
import type { Engine } from "./client.ts";
import { type MovementSettings, PullMovement } from "./pull-movement.ts";

/** What the engine is asked for. */
export interface PullRequest extends MovementSettings {
  /** `repository:tag` or `repository@digest`, of Docker Hub or with a registry's host before it. */
  readonly source: string;
  /** Such as linux/amd64. Default: the engine's own. */
  readonly platform?: string | undefined;
  /** Credentials for the registry. Default: none. */
  readonly credentials?: Docker.AuthConfig | undefined;
}

/** One line of the stream in which the engine tells how a pull goes. */
export interface PullEvent {
  /** First 12 hex digits of a layer's digest, or a tag or digest. */
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/** An engine's client, as far as pulls need it. */
export type PullEngine = Pick<Engine, "pull" | "ping">;

/** A pull that was ended, because nothing of it moved. */
export class Stalled extends Error {
  constructor(seconds: number) {
    super(`no byte and no extraction for ${seconds} s`);
  }
}

/**
 * One pull by the engine. It is ended where it stalls: where nothing of it moves, though it has its turn.
 *
 * @param follow gets every event.
 * @throws the engine's own error, or that the pull stalled.
 */
export async function pull(
  engine: PullEngine,
  request: PullRequest,
  follow: (event: PullEvent) => void,
  clock: Clock = machineClock,
): Promise<void> {
  const { source, platform, credentials, stallSeconds } = request;
  const movement = new PullMovement(request, clock.now());
  const abort = new AbortController();
  const done = new AbortController();
  const watched = watch(engine, movement, stallSeconds, abort, done.signal, clock);
  try {
    const stream = await engine.pull(source, {
      abort: abort.signal,
      ...(platform !== undefined && { platform }),
      ...(credentials !== undefined && { authconfig: credentials }),
    });
    let failure: string | undefined;
    for await (const event of eventsOf(addAbortSignal(abort.signal, stream))) {
      movement.follow(event, clock.now());
      failure = event.error ?? failure;
      follow(event);
    }
    // A pull that fails after its first event ends as a good one does, except for this event.
    if (failure !== undefined) throw new Error(failure);
  } catch (error) {
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    done.abort();
    await watched;
  }
}

/** Looks at a pull's movement until it is done, and aborts it where it stalls, or the engine is gone. */
async function watch(
  engine: PullEngine,
  movement: PullMovement,
  stallSeconds: number,
  abort: AbortController,
  done: AbortSignal,
  clock: Clock,
): Promise<void> {
  let asked = clock.now();
  while (!done.aborted && !abort.signal.aborted) {
    await clock.wait(Math.min(1000, stallSeconds * 100), done);
    const now = clock.now();
    if (movement.isStalled(now)) abort.abort(new Stalled(movement.patienceSeconds));
    // Nothing is said of a pull that waits for its turn, so that a lost engine would not show.
    else if (movement.isSilent(now) && now - asked > stallSeconds * 1000) {
      asked = now;
      engine.ping().catch((error) => abort.abort(error));
    }
  }
}

async function* eventsOf(stream: Readable): AsyncGenerator<PullEvent> {
  let rest = "";
  for await (const bytes of stream.setEncoding("utf8")) {
    const lines = (rest + bytes).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as PullEvent);
  }
  if (rest.trim() !== "") yield JSON.parse(rest) as PullEvent;
}

/** Whether an event's id is a layer's. */
export function isLayer(id: string): boolean {
  return /^[0-9a-f]{12}$/.test(id);
}
