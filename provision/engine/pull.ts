import type Docker from "dockerode";

/** What the engine is asked for. */
export interface PullRequest {
  /** `repository:tag` or `repository@digest`, of Docker Hub or with a registry's host before it. */
  readonly source: string;
  /** Such as linux/amd64. Default: the engine's own. */
  readonly platform?: string | undefined;
  /** Credentials for the registry. Default: none. */
  readonly credentials?: Docker.AuthConfig | undefined;
  /** Seconds without any progress after which the pull is ended. */
  readonly stallSeconds: number;
}

/** One line of the stream in which the engine tells how a pull goes. */
export interface PullEvent {
  /** First 12 hex digits of a layer's digest, or a tag or digest. */
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/** When the engine last moved a byte for any pull of this process. */
let engineMoved = 0;

/**
 * One pull by the engine. It is ended where it stalls, which is when neither a byte nor an extraction moves; layers
 * that wait for their turn in the engine's queue do not stall while other pulls move.
 *
 * @param follow gets every event.
 * @throws the engine's own error, or that the pull stalled.
 */
export async function pull(
  engine: Docker,
  request: PullRequest,
  follow: (event: PullEvent) => void,
): Promise<void> {
  const { source, platform, credentials, stallSeconds } = request;
  const abort = new AbortController();
  const layers = new Map<string, string>();
  let moved = performance.now();
  const watch = setInterval(
    () => {
      const waiting = layers.size > 0 && [...layers.values()].every((status) => isIdle(status));
      const since = performance.now() - (waiting ? Math.max(moved, engineMoved) : moved);
      if (since > stallSeconds * 1000) abort.abort();
    },
    Math.min(1000, stallSeconds * 100),
  );
  try {
    const stream = await engine.pull(source, {
      abortSignal: abort.signal,
      ...(platform !== undefined && { platform }),
      ...(credentials !== undefined && { authconfig: credentials }),
    });
    let failure: string | undefined;
    await new Promise<void>((resolve, reject) => {
      abort.signal.addEventListener("abort", () => reject(abort.signal.reason));
      engine.modem.followProgress(
        stream,
        (error: Error | null) => (error ? reject(error) : resolve()),
        (event: PullEvent) => {
          moved = performance.now();
          engineMoved = moved;
          failure = event.error ?? failure;
          if (event.id !== undefined && event.status !== undefined && isLayer(event.id))
            layers.set(event.id, event.status);
          follow(event);
        },
      );
    });
    // A pull that fails after its first event ends as a good one does, but for this event.
    if (failure !== undefined) throw new Error(failure);
  } catch (error) {
    if (abort.signal.aborted)
      throw new Error(`no byte and no extraction for ${stallSeconds} s`, { cause: error });
    throw error;
  } finally {
    clearInterval(watch);
  }
}

/** Whether an event's id is a layer's. */
export function isLayer(id: string): boolean {
  return /^[0-9a-f]{12}$/.test(id);
}

/** A layer that is not being moved: it is done, or waits for its turn. */
function isIdle(status: string): boolean {
  return /^(Waiting|Already exists|Pull complete|Download complete)/.test(status);
}
