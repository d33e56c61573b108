import type { Task } from "../benchmark/tasks.ts";
import { proofNames } from "../checks/status/names.ts";
import { project } from "../program/configuration.ts";
import type { UpdateEvents } from "./events.ts";

/** What an update came to, for the last lines on the terminal. */
export interface Summary {
  readonly lines: readonly string[];
  /** Whether every image is verified and nothing failed. */
  readonly complete: boolean;
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

/** The last lines of an update; `code` is Pulumi's exit code. */
export function summary(
  { stack, tasks, missing, smoked }: Wanted,
  events: UpdateEvents,
  code: number,
): Summary {
  const verified = tasks.filter((task) => events.ready.has(proofNames.image(task)));
  const found = verified.filter((task) => !missing.includes(task)).length;
  const count = `${verified.length}/${tasks.length} images verified (${found} found, ${verified.length - found} pulled)`;
  const proved = smoked.filter((task) => events.ready.has(proofNames.oracle(task))).length;
  const complete = code === 0 && verified.length === tasks.length && proved === smoked.length;

  const root = `${project}-${stack}`;
  // An oracle that was not run, for the image is not verified, says nothing more than the image's own failure.
  const unverified = tasks.filter((task) => !verified.includes(task)).map(proofNames.oracle);
  const failures = [...events.failed]
    .filter(([name]) => name !== root && !unverified.includes(name))
    .map(([name, error]) => `failed: ${name}: ${error}`);
  const changed = Object.keys(events.changes).some((operation) => operation !== "same");
  const lines = [
    ...failures,
    ...(smoked.length > 0
      ? [`${proved}/${smoked.length} gold patches pass their tests, which fail without`]
      : []),
    complete && !changed ? `${count}; nothing changed` : count,
  ];
  const cooperbench = events.ready.get(root)?.cooperbench as { version: string; folder: string } | undefined;
  if (complete && cooperbench)
    lines.push(`CooperBench ${cooperbench.version} is ready in ${cooperbench.folder}`);
  return { lines, complete };
}
