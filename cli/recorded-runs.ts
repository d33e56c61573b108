/**
 * Records which processes of Pulumi `./machine` has started. An update lock has no more than a number and a machine's
 * name; the record tells whether the process that took it is gone.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Environment } from "../lib/environment.ts";
import { isGone, type Place, type ProcessId, placeHere, startIn } from "../lib/process-id.ts";
import { dataFolder } from "../lib/xdg.ts";
import { names } from "./state-files.ts";

/** Variable with the id of a run, which everything that Pulumi starts has too. */
export const runVariable = "COOPERBENCH_MACHINE_RUN";

/**
 * Writes what it is told and its own /proc/PID/stat, and becomes the program, so that there is no moment in which the
 * program runs and is recorded nowhere. Where that cannot be written, the program runs without a record.
 */
const RECORD_AND_EXEC =
  '(umask 077; { printf "%s\\n" "$1"; cat "/proc/$$/stat"; } > "$0.new" && mv "$0.new" "$0" || rm -f "$0.new") 2>/dev/null; shift; exec "$@"';

/** Milliseconds after which the record of a gone process is dropped where it is not known of which stack it was. */
const FORGET_MS = 7 * 24 * 3600 * 1000;

const firstLine = z.object({
  run: z.string(),
  stack: z.string(),
  host: z.string(),
  machine: z.string(),
  boot: z.string(),
  namespace: z.string(),
  command: z.string().optional(),
});

/** A process of Pulumi that `./machine` has started, and that may have ended since. */
export interface RecordedRun extends ProcessId {
  readonly run: string;
  /** Empty where the arguments named none. */
  readonly stack: string;
  /** Pulumi's command; undefined in a record of an older version. */
  readonly command?: string | undefined;
  /** Name of its machine. */
  readonly host: string;
  readonly file: string;
}

/** A program as it is started, with what records it. */
export interface Recorder {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Takes the record away, where the process has left nothing behind. */
  forget(): void;
}

/** Has a program that works on a stack record itself as it starts. Without Linux's /proc it starts as it is. */
export function recordRun(
  stack: string,
  program: string,
  args: readonly string[],
  env: Environment,
  here: Place | null = placeHere() ?? null,
): Recorder {
  const folder = recordsFolder(env);
  if (here === null || !isMade(folder)) return { file: program, args, env: {}, forget: () => {} };
  const run = randomUUID();
  const record = join(folder, `${run}.json`);
  const command = args.find((one) => !one.startsWith("-"));
  const told = JSON.stringify({ run, stack, command, host: hostname(), ...here });
  return {
    file: "/bin/sh",
    args: ["-c", RECORD_AND_EXEC, record, told, program, ...args],
    env: { [runVariable]: run },
    forget: () => rmSync(record, { force: true }),
  };
}

/** The runs that are recorded. */
export function recordedRuns(env: Environment): readonly RecordedRun[] {
  const folder = recordsFolder(env);
  return names(folder).flatMap((name) => {
    const file = join(folder, name);
    return name.endsWith(".json") ? (readRun(file) ?? []) : [];
  });
}

/** Drops the records of a stack's runs that are gone: to be called once what they have left was seen to. */
export function forgetGoneRuns(stack: string, env: Environment): void {
  const here = placeHere();
  const isOld = (file: string) =>
    Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > FORGET_MS;
  for (const run of recordedRuns(env)) {
    if ((run.stack === stack || (run.stack === "" && isOld(run.file))) && isGone(run, here))
      rmSync(run.file, { force: true });
  }
  const folder = recordsFolder(env);
  const begun = names(folder).filter((name) => name.endsWith(".new"));
  for (const file of begun.map((name) => join(folder, name))) if (isOld(file)) rmSync(file, { force: true });
}

function readRun(file: string): RecordedRun | undefined {
  try {
    const [told = "", stat = ""] = readFileSync(file, "utf8").split("\n");
    const start = startIn(stat);
    const pid = Number.parseInt(stat, 10);
    if (start === undefined || !Number.isInteger(pid)) return undefined;
    return { ...firstLine.parse(JSON.parse(told)), pid, start, file };
  } catch {
    return undefined; // it was cut off, or is gone by now
  }
}

function recordsFolder(env: Environment): string {
  return join(dataFolder(env), "runs");
}

function isMade(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return true;
  } catch {
    return false; // Pulumi is started all the same
  }
}
