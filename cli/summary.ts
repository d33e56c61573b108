import type { Task } from "../benchmark/tasks.ts";
import type { StatusCheck } from "../checks/status/checks.ts";
import { proofNames } from "../checks/status/names.ts";
import { project } from "../program/configuration.ts";
import type { UpdateEvents } from "./events.ts";

/** What an update came to, for the last lines on the terminal. */
export interface Summary {
  readonly lines: readonly string[];
  /** Why steps failed, by the names of their resources. */
  readonly failures: Readonly<Record<string, string>>;
}

/** What is asked of a stack. */
export interface Wanted {
  readonly stack: string;
  /** The tasks whose images are wanted. */
  readonly tasks: readonly Task[];
  /** Those of them whose image the engine lacked before. */
  readonly missing: readonly Task[];
  /** The tasks that are proved by their gold patch as well. */
  readonly smoked: readonly Task[];
}

/** The last lines of an update, without what it means for a run. */
export function summary({ stack, tasks, missing, smoked }: Wanted, events: UpdateEvents): Summary {
  const done = (name: string) => events.ready.has(name);
  const verified = tasks.filter((task) => done(proofNames.image(task)));
  const found = verified.filter((task) => !missing.includes(task)).length;
  const count = `${verified.length}/${tasks.length} images verified (${found} found, ${verified.length - found} pulled)`;
  const proved = smoked.filter((task) => done(proofNames.oracle(task))).length;

  // An oracle that was not run, for the image is not verified, says nothing more than the image's own failure.
  const unverified = tasks.filter((task) => !verified.includes(task)).map(proofNames.oracle);
  const failed = [...events.failed].filter(([name]) => name !== rootOf(stack) && !unverified.includes(name));
  const changed = Object.keys(events.changes).some((operation) => operation !== "same");
  const isWhole = failed.length === 0 && verified.length === tasks.length && proved === smoked.length;
  return {
    lines: [
      ...failed.map(([name, error]) => `failed: ${name}: ${error}`),
      ...(smoked.length > 0
        ? [`${proved}/${smoked.length} gold patches pass their tests, which fail without`]
        : []),
      isWhole && !changed ? `${count}; nothing changed` : count,
    ],
    failures: Object.fromEntries(failed),
  };
}

/** What an update means for a run: the last line of one whose steps have passed. */
export function readyLine(
  stack: string,
  events: UpdateEvents,
  inTheWay: readonly Pick<StatusCheck, "check" | "found">[],
): string | undefined {
  if (inTheWay.length > 0)
    return `provisioned, not ready: ${inTheWay.map(({ check, found }) => `${check}: ${found}`).join("; ")}`;
  const installed = events.ready.get(rootOf(stack))?.cooperbench as
    | { readonly version: string; readonly folder: string }
    | undefined;
  return installed && `CooperBench ${installed.version} is ready in ${installed.folder}`;
}

function rootOf(stack: string): string {
  return `${project}-${stack}`;
}
