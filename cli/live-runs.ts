import { join } from "node:path";
import { knownOf } from "../lib/known.ts";
import { realPlace } from "../lib/place.ts";
import { Problem } from "../lib/problem.ts";
import { withLock } from "../lib/process-lock.ts";
import { machine } from "../lib/remedy.ts";
import { isCooperBench, runProcesses } from "../provision/steps/run-processes.ts";

/** Whether a command is CooperBench's, by a checkout's environment. */
function isBy(folder: string, command: readonly string[]): boolean {
  const environments = [folder, realPlace(folder)].map((of) => `${of}/.venv/`);
  return isCooperBench(command) && command.some((word) => environments.some((of) => word.startsWith(of)));
}

/**
 * Whether a process of a run lives on this machine; undefined where that is not known.
 *
 * @param name of the run, as it was given with -n.
 * @param folder of its checkout, absolute.
 */
export async function isRunGoing(name: string, folder: string): Promise<boolean | undefined> {
  // A run's setting may be the name of another run.
  const isName = (word: string, before = "") =>
    /^(-n|--name)$/.test(before) ? word === name : [`-n${name}`, `--name=${name}`].includes(word);
  const isOfRun = (command: readonly string[]) =>
    isBy(folder, command) && command.some((word, at) => isName(word, command[at - 1]));
  const found = knownOf(await runProcesses(undefined, isOfRun));
  return found && found.length > 0;
}

/** A run of a stack that is to be started, in its checkout. */
interface RunPlace {
  readonly stack: string;
  readonly name: string;
  /** Absolute folder of the checkout. */
  readonly folder: string;
}

/** @throws a Problem where a process of a run of that name lives. */
export async function assertNotGoing(place: RunPlace): Promise<void> {
  if (await isRunGoing(place.name, place.folder)) throw going(place);
}

/** Does the work of a run that no other command on it goes beside. @throws a Problem where one does. */
export function asOnlyRun<T>(place: RunPlace, work: () => Promise<T>): Promise<T> {
  // CooperBench looks at the folders there, and at no file.
  const lock = join(place.folder, "logs", `.${place.name}.lock`);
  const refuse = () => {
    throw going(place);
  };
  return withLock(lock, refuse, work);
}

/** Two at once would write over each other's results. */
function going({ stack, name, folder }: RunPlace): Problem {
  return new Problem(`a run named ${name} goes on in ${folder}, so none was started`, [
    { ...machine("plan", stack, "--check", name, "--watch"), when: "to follow it" },
    { advice: "give the run another name: -n NAME" },
  ]);
}

/**
 * Has what would take a checkout's environment and services away wait for its runs.
 *
 * @param folder of the checkout, absolute.
 * @throws a Problem that names the processes of runs by that checkout's environment, where there are any.
 */
export async function assertNoRun(
  { stack, dockerHost }: { readonly stack: string; readonly dockerHost: string },
  folder: string,
): Promise<void> {
  const found = await runProcesses(dockerHost, (command) => isBy(folder, command));
  if ("unknown" in found || found.value.length === 0) return;
  const pids = found.value.map(({ pid }) => String(pid));
  throw new Problem(
    `a run of CooperBench is using the environment in ${folder} (process ${pids.join(", ")}), and would lose it. Nothing was changed.`,
    [
      { advice: "let it end" },
      { command: ["kill", ...pids], when: `to end it, before ./machine destroy ${stack}` },
    ],
  );
}
