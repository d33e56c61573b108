import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
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
  isRun: (command: readonly string[]) => boolean = isCooperBench,
): Promise<Known<readonly RunProcess[]>> {
  if (commandLine(1) === "") return { unknown: "this user cannot see all processes of this machine" };
  const found = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .flatMap((pid): readonly RunProcess[] => {
      if (pid === process.pid || !isRun(argumentsOf(pid))) return [];
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

function argumentsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // it has ended
  }
}

/** The DOCKER_HOST that a process began with, which python-dotenv leaves; undefined where it had none, or is not to be read. */
function engineHostIn(pid: number): string | undefined {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return variables.find((one) => one.startsWith("DOCKER_HOST="))?.slice("DOCKER_HOST=".length) || undefined;
  } catch {
    return undefined;
  }
}

/** What tells an engine from others, by whatever address it is asked; undefined where it does not answer. */
async function engineId(dockerHost: string): Promise<string | undefined> {
  try {
    return (await engineAt(dockerHost, 5_000).info<{ readonly ID?: string }>()).ID;
  } catch {
    return undefined;
  }
}
