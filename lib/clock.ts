import { setTimeout as delay } from "node:timers/promises";

/** Time, as it is given to what waits: a test's goes as fast as it likes. */
export interface Clock {
  /** Milliseconds, of a clock that never goes back. */
  now(): number;
  /** Waits, at most until an abort. */
  wait(ms: number, abort?: AbortSignal): Promise<void>;
}

/** This machine's. */
export const machineClock: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, { ...(signal && { signal }) }).catch(() => {}),
};
