/** What an update came to. */
import { spreadTasks } from "../benchmark/tasks.ts";
import { proofNames } from "../checks/status/names.ts";
import { project } from "../program/configuration.ts";
import type { Settings } from "../program/settings.ts";
import type { Course } from "./course.ts";
import type { WantedImages } from "./differences.ts";
import { calledBy } from "./parts.ts";

/** What was asked of a stack. */
export interface Wanted extends WantedImages {
  readonly stack: string;
  /** How many tasks are proved by their gold patch as well. */
  readonly oracleTasks: Settings["oracleTasks"];
}

/** An update in numbers, and in a line. */
export interface Summary {
  readonly images: Readonly<Record<"verified" | "wanted" | "found" | "pulled", number>>;
  /** Oracles that passed, of those that were wanted. */
  readonly oracles: Readonly<Record<"passed" | "wanted", number>>;
  /** Why steps failed, by the names of their resources. */
  readonly failures: Readonly<Record<string, string>>;
  /** The numbers in words. */
  readonly text: string;
}

/** Sums an update up, as far as its events come. */
export function summaryOf({ stack, tasks, missing, oracleTasks }: Wanted, course: Course): Summary {
  const isDone = (name: string) => {
    const { state, operation } = course.steps.get(name) ?? {};
    return state === "done" && operation !== "delete";
  };
  const verified = tasks.filter((task) => isDone(proofNames.image(task)));
  const found = verified.filter((task) => !missing.includes(task)).length;
  const proved = spreadTasks(tasks, oracleTasks);
  const passed = proved.filter((task) => isDone(proofNames.oracle(task))).length;

  // An oracle that was not run, for the image is not verified, says nothing more than the image's own failure.
  const unverified = tasks.filter((task) => !verified.includes(task)).map(proofNames.oracle);
  const failures = [...course.failed].filter(
    ([name]) => name !== rootOf(stack) && !unverified.includes(name),
  );
  const isSame = course.result === "succeeded" && Object.keys(course.changes).every((one) => one === "same");
  const pulled = verified.length - found;
  return {
    images: { verified: verified.length, wanted: tasks.length, found, pulled },
    oracles: { passed, wanted: proved.length },
    failures: Object.fromEntries(failures),
    text: [
      `${verified.length}/${tasks.length} images verified (${found} found, ${pulled} pulled)`,
      ...(proved.length > 0
        ? [`${passed}/${proved.length} gold patches pass their tests, which fail without`]
        : []),
      ...(isSame ? ["nothing changed"] : []),
    ].join("; "),
  };
}

/** What failed, in one line. */
export function failedText({ failures }: Summary, { tasks }: WantedImages): string {
  const names = [...new Set(Object.keys(failures).map((name) => calledBy(tasks, name)))];
  const shown = names.slice(0, 5).join(", ");
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return `${names.length === 1 ? "1 thing" : `${names.length} things`} failed: ${shown}${more}`;
}

/** Where CooperBench is, once it is installed. */
export function installedText(stack: string, course: Course): string | undefined {
  const { cooperbench } = course.steps.get(rootOf(stack))?.outputs ?? {};
  const { version, folder } = (cooperbench ?? {}) as { readonly version?: string; readonly folder?: string };
  return version === undefined ? undefined : `CooperBench ${version} in ${folder}`;
}

function rootOf(stack: string): string {
  return `${project}-${stack}`;
}
