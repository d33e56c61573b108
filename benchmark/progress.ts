import type { RunCheck } from "./check-run.ts";
import type { Verdict } from "./judge.ts";

/** How far a run that is going is. */
export interface Progress {
  /** Pairs that it is to do; undefined where nothing says. */
  readonly wanted: number | undefined;
  /** Pairs whose agents have ended. */
  readonly done: number;
  readonly evaluated: number;
  readonly passed: number;
  /** Pairs whose agents are at work, as far as the run is known to go on. */
  readonly underWay: number;
  /** Results that are the machine's. */
  readonly failed: readonly Verdict[];
  /** Seconds of what is left, by what the pairs took that are done; undefined where that is not known. */
  readonly secondsLeft: number | undefined;
  /** Whether all is done and evaluated. */
  readonly isComplete: boolean;
  /** How many of the first results there are, if these are all the machine's: the rest will be, too. */
  readonly spoiltFromStart: number;
}

/** How far a run is, by what its folder has. */
export function progressOf({ run, verdicts, wanted, missing }: RunCheck): Progress {
  const done = verdicts.filter(({ pair }) => pair.unreadable === "");
  const evaluated = done.filter(({ pair }) => pair.evaluation !== undefined);
  const failed = done.filter(({ kind }) => kind === "machine");
  const begun = verdicts.filter(({ kind }) => kind === "running").length;
  const left = missing + begun;
  const underWay = Math.max(begun, Math.min(run.concurrency ?? 0, left));
  const seconds = done.flatMap(({ pair }) => pair.seconds ?? []);
  const mean = seconds.reduce((sum, one) => sum + one, 0) / seconds.length;
  return {
    ...{ wanted, done: done.length, evaluated: evaluated.length, underWay, failed },
    passed: evaluated.filter(({ kind, pair }) => kind === "valid" && pair.evaluation?.passed).length,
    secondsLeft: seconds.length === 0 || underWay === 0 ? undefined : (left * mean) / underWay,
    isComplete: wanted !== undefined && left === 0 && evaluated.length === done.length,
    spoiltFromStart: failed.length === done.length ? done.length : 0,
  };
}
