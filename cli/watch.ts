import { setTimeout as sleep } from "node:timers/promises";
import prettyMilliseconds from "pretty-ms";
import type { RunCheck } from "../benchmark/check-run.ts";
import { type Progress, progressOf } from "../benchmark/progress.ts";
import { abortOnSignal } from "../lib/abort.ts";
import { pairName } from "./run-report.ts";
import type { Output } from "./terminal.ts";

/** Results that are enough to say that the rest will be as they are. */
const enough = 3;

/** Milliseconds between two looks. */
const lookMs = 3000;

/** A run to follow. */
export interface Followed {
  readonly name: string;
  /** Reads its results, once it is known whether it goes on: what ends meanwhile has written them. */
  readonly look: (isGoing: boolean) => RunCheck;
  /** Whether a process of it lives; undefined where that is not known. */
  readonly isGoing: () => Promise<boolean | undefined>;
  /** What stops it, in words. */
  readonly stop: string;
  /** Takes the key out of a text. */
  readonly clean: (text: string) => string;
}

/**
 * Follows a run: how far it is, and each result that is the machine's as it comes. Where the first ones all are, says that
 * it is to be stopped. Ends when all is done and evaluated, or when no process of the run lives.
 *
 * @returns whether it was followed to its end, and not interrupted.
 */
export async function watch(
  { name, look, isGoing, stop, clean }: Followed,
  output: Output,
): Promise<boolean> {
  const abort = abortOnSignal();
  const terminal = output.statusTerminal();
  const told = new Set<string>();
  let isWarned = false;
  for (;;) {
    const goesOn = (await isGoing()) !== false;
    const progress = progressOf(look(goesOn));
    for (const { pair, reasons } of progress.failed)
      if (!told.has(pair.folder)) {
        told.add(pair.folder);
        terminal.print([clean(`MACHINE  ${pairName(pair)}  ${reasons.join("; ")}`)]);
      }
    if (progress.spoiltFromStart >= enough && !isWarned) {
      isWarned = true;
      terminal.print([`the first ${progress.spoiltFromStart} results are the machine's: ${stop}`]);
    }
    terminal.status(`${name}: ${inWords(progress)}`);
    if (progress.isComplete || !goesOn || abort.aborted) break;
    await sleep(lookMs, undefined, { signal: abort }).catch(() => {});
  }
  terminal.status("");
  return !abort.aborted;
}

/** How far a run is, in words. */
export function inWords({
  wanted,
  done,
  evaluated,
  passed,
  underWay,
  failed,
  secondsLeft,
}: Progress): string {
  const left =
    secondsLeft === undefined
      ? ""
      : `, about ${prettyMilliseconds(secondsLeft * 1000, { unitCount: 2 })} left`;
  return `${done} of ${wanted ?? "an unknown number of"} pairs done, ${underWay} under way, ${evaluated} evaluated, ${passed} passed, ${failed.length} failed by the machine${left}`;
}
