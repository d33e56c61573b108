import { join } from "node:path";
import { knownOf } from "../lib/known.ts";
import { realPlace } from "../lib/place.ts";
import { Problem } from "../lib/problem.ts";
import { withLock } from "../lib/process-lock.ts";
import { asTyped, type Command, machine } from "../lib/remedy.ts";
import { ownersIn } from "../provision/ownership/folder-owners.ts";
import { isOf, type Owner } from "../provision/ownership/owner.ts";
import { environmentsOf, runProcesses } from "../provision/steps/run-processes.ts";

/** Whether an environment's folder is a stack's. Others' folders, which this user may not look into, are not touched. */
const isAt = (folder: string) => (of: string) => of === folder || of === realPlace(folder);

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
  const isOfRun = (command: readonly string[], pid: number) =>
    command.some((word, at) => isName(word, command[at - 1])) &&
    environmentsOf(command, pid).some(isAt(folder));
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

/** A stack whose checkout runs may use. */
interface StackCheckout {
  readonly owner: Owner;
  readonly dockerHost: string;
  /** Folder of the checkout, absolute, as the settings have it. */
  readonly folder: string;
}

/** A run by a stack's environment: in its settings' folder, or in another that holds something of the stack's. */
export interface LiveRun {
  readonly pids: readonly number[];
  /** Folders of the environments, absolute. */
  readonly folders: readonly string[];
}

/** The runs of CooperBench that a stack's environment or services would be taken away from; undefined where none is seen. */
export async function liveRun({ owner, dockerHost, folder }: StackCheckout): Promise<LiveRun | undefined> {
  const folders = new Set<string>();
  const isHere = isAt(folder);
  const isMade = (of: string) => {
    try {
      return ownersIn(of).some((thing) => isOf(thing.owner, owner));
    } catch {
      return false; // of another user, whose folder this one may not look into
    }
  };
  const found = await runProcesses(dockerHost, (command, pid) => {
    const ours = environmentsOf(command, pid).filter((of) => isHere(of) || isMade(of));
    for (const of of ours) folders.add(of);
    return ours.length > 0;
  });
  if ("unknown" in found || found.value.length === 0) return undefined;
  return { pids: found.value.map(({ pid }) => pid), folders: [...folders] };
}

/**
 * Has what would take a run's environment and services away wait for its end.
 *
 * @param why what would happen to the run.
 * @param again the command to be given afterwards.
 */
export function runInTheWay({ pids, folders }: LiveRun, why: string, again: Command): Problem {
  return new Problem(
    `a run of CooperBench is using the environment in ${folders.join(", ")} (process ${pids.join(", ")}), and ${why}. Nothing was changed.`,
    [
      { advice: "let it end" },
      { command: ["kill", ...pids.map(String)], when: `to end it, before ${asTyped(again)}` },
    ],
  );
}
