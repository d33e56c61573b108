import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, resolve } from "node:path";
import { type Known, known } from "../../lib/known.ts";
import { commandLine, startOf } from "../../lib/process-id.ts";
import { engineAt } from "../engine/client.ts";

/** A process of this machine that may be a run of CooperBench's. */
export interface RunProcess {
  readonly pid: number;
  /** When it started, in clock ticks since the boot, as of every process of the machine. */
  readonly startTicks: number;
}

/**
 * The processes of this machine, of any user and any checkout, that may be runs on an engine. One whose DOCKER_HOST is
 * surely another engine's is none of them. Not known where the processes of others are not shown.
 *
 * @param dockerHost undefined for those on any engine.
 * @param isRun default: a Python whose command line names CooperBench.
 */
export async function runProcesses(
  dockerHost: string | undefined,
  isRun: (command: readonly string[], pid: number) => boolean = isCooperBench,
): Promise<Known<readonly RunProcess[]>> {
  if (commandLine(1) === "") return { unknown: "this user cannot see all processes of this machine" };
  const found = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .flatMap((pid): readonly RunProcess[] => {
      if (pid === process.pid || !isRun(argumentsOf(pid), pid)) return [];
      const start = startOf(pid);
      return start === undefined ? [] : [{ pid, startTicks: Number(start) }];
    });
  if (found.length === 0 || dockerHost === undefined) return known(found);
  const own = await engineId(dockerHost);
  const isElsewhere = async ({ pid }: RunProcess) => {
    const host = engineHostIn(pid);
    const other = host === undefined || host === dockerHost ? undefined : await engineId(host);
    return own !== undefined && other !== undefined && other !== own;
  };
  const elsewhere = await Promise.all(found.map(isElsewhere));
  return known(found.filter((_, index) => !elsewhere[index]));
}

/** Whether a command is Python with something of CooperBench's: a broad net, for what is in it is let live. */
export function isCooperBench([program = "", ...args]: readonly string[]): boolean {
  const names = /^(cooperbench|coop)$/;
  if (names.test(basename(program))) return true;
  return (
    /^python[\d.]*$/.test(basename(program)) &&
    [program, ...args].some((arg) => /cooperbench/i.test(arg) || names.test(basename(arg)))
  );
}

/**
 * The folders whose environment a process of CooperBench's is by: as its command line names it, from the process's own
 * folder where it does so in part, and as it has loaded it, where it was started as `python` alone.
 */
export function environmentsOf(command: readonly string[], pid: number): readonly string[] {
  if (!isCooperBench(command)) return [];
  const at = ofProcess(() => readlinkSync(`/proc/${pid}/cwd`)) ?? "/";
  const loaded = ofProcess(() => readFileSync(`/proc/${pid}/maps`, "utf8")) ?? "";
  const places = [
    ...command
      .filter((word) => word.includes("/.venv/") || word.startsWith(".venv/"))
      .map((word) => resolve(at, word)),
    ...loaded.split("\n").flatMap((line) => /\/.*\/\.venv\/.*/.exec(line)?.[0] ?? []),
  ];
  return [...new Set(places.flatMap((place) => /^(\/.*?)\/\.venv\//.exec(place)?.[1] ?? []))];
}

/** What /proc tells of a process; undefined where it has ended, or is another user's. */
function ofProcess<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function argumentsOf(pid: number): readonly string[] {
  return ofProcess(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))?.split("\0") ?? [];
}

/** The DOCKER_HOST that a process began with, which python-dotenv leaves; undefined where it had none, or is not to be read. */
function engineHostIn(pid: number): string | undefined {
  const variables = ofProcess(() => readFileSync(`/proc/${pid}/environ`, "utf8"))?.split("\0") ?? [];
  return variables.find((one) => one.startsWith("DOCKER_HOST="))?.slice("DOCKER_HOST=".length) || undefined;
}

/** What tells an engine from others, by whatever address it is asked; undefined where it does not answer. */
async function engineId(dockerHost: string): Promise<string | undefined> {
  try {
    return (await engineAt(dockerHost, 5_000).info<{ readonly ID?: string }>()).ID;
  } catch {
    return undefined;
  }
}
