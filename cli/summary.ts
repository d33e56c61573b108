import { type Task, taskKey } from "../manifest/tasks.ts";
import type { UpdateEvents } from "./events.ts";

/** What an update came to, for the last lines on the terminal. */
export interface Summary {
  readonly lines: readonly string[];
  /** Whether every image is verified and nothing failed. */
  readonly complete: boolean;
}

interface CooperBenchOutput {
  readonly version: string;
  readonly folder: string;
}

/**
 * The last lines of an update.
 *
 * @param tasks those whose images are wanted.
 * @param before the image references that the engine had before.
 * @param code Pulumi's exit code.
 */
export function summary(
  tasks: readonly Task[],
  before: ReadonlySet<string>,
  events: UpdateEvents,
  code: number,
): Summary {
  const probed = new Set([...events.outputs.keys()].map((urn) => urn.split("::").at(-1)));
  const verified = tasks.filter((task) => probed.has(`${taskKey(task)}-probe`));
  const found = verified.filter((task) => before.has(task.image)).length;
  const images = `${verified.length}/${tasks.length} images verified (${found} found, ${verified.length - found} pulled)`;
  const complete = code === 0 && verified.length === tasks.length;

  const changed = Object.entries(events.changes).filter(([operation]) => operation !== "same");
  const lines = [complete && changed.length === 0 ? `${images}; nothing changed` : images];
  const missing = tasks.filter((task) => !verified.includes(task));
  if (missing.length > 0) lines.push(`not verified: ${missing.map((task) => task.image).join(", ")}`);
  const stack = [...events.outputs].find(([urn]) => urn.includes("pulumi:pulumi:Stack"))?.[1];
  const cooperbench = stack?.cooperbench as CooperBenchOutput | undefined;
  if (complete && cooperbench)
    lines.push(`CooperBench ${cooperbench.version} is ready in ${cooperbench.folder}`);
  return { lines, complete };
}
