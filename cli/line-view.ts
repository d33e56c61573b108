/** An operation where there is no terminal to draw on: a line for each thing that is done, none twice. */
import prettyMilliseconds from "pretty-ms";
import { taskName } from "../benchmark/tasks.ts";
import type { Course, Happened } from "./course.ts";
import { type Difference, differenceOf, differences, inLine, type WantedImages } from "./differences.ts";
import { calledBy, namesOf } from "./parts.ts";

/** Shows an operation while it goes on. */
export interface View {
  /** Something has happened. */
  readonly took: (happened: Happened) => void;
  /** Some time has passed. */
  readonly passed: () => void;
  /** It has ended. Nothing is drawn after that, and of what was done nothing is left to tell where there are lines. */
  readonly ended: () => void;
}

/** Milliseconds between two lines of how far it is. */
const tellMs = 30_000;

/** @param print takes a line without its end. */
export function lineView(course: Course, wanted: WantedImages, print: (line: string) => void): View {
  const told = new Set<string>();
  let toldAt = course.since;
  const tell = (one: Difference | undefined) => {
    if (one === undefined || one.progress === "under way" || told.has(one.thing)) return;
    told.add(one.thing);
    print(inLine(one, "done"));
  };
  return {
    took: (happened) => {
      if (happened.kind === "said") print(saidLine(wanted, happened));
      else if (!course.isPreview) {
        const one = differenceOf(course, happened.step, wanted);
        if (one?.progress === "done") tell(one);
      }
    },
    passed: () => {
      if (course.clock() - toldAt < tellMs) return;
      toldAt = course.clock();
      const line = progressLine(course, wanted);
      if (line !== undefined) print(line);
    },
    ended: () => {
      if (!course.isPreview) differences(course, wanted).forEach(tell);
    },
  };
}

/** What a step said that is to stay. */
export function saidLine(wanted: WantedImages, { name, level, text }: Happened & { kind: "said" }): string {
  const who = name === "" || /^(images|coop|oracle)$/.test(name) ? "" : `${calledBy(wanted.tasks, name)}: `;
  // A step says all in one line, since Pulumi may put another's between two.
  return `${level === "warning" ? "warning: " : ""}${who}${text.replace(/\. Fix: /, "\nFix: ")}`;
}

/** How far it is, in one line; undefined where nothing is to be done, or is known to be. */
function progressLine(course: Course, { tasks, missing }: WantedImages): string | undefined {
  const time = prettyMilliseconds(course.clock() - course.since, { secondsDecimalDigits: 0 });
  if (course.isPreview) return `${time}: looking at what differs`;
  const verified = tasks.filter((task) => course.steps.get(namesOf(task).probe)?.state === "done");
  const running = [...course.steps.values()].filter(
    ({ type, state, operation }) =>
      state === "running" && operation !== "same" && !type.startsWith("pulumi:"),
  );
  const names = new Set(running.map(({ name }) => calledBy(tasks, name)));
  const ofImages = tasks.map(taskName).filter((name) => names.delete(name)).length;
  const doing = [...names, ...(ofImages > 0 ? [`${ofImages} images`] : [])].join(", ");
  const isPulling = tasks.some(
    (task) => missing.includes(task) && course.steps.get(namesOf(task).image)?.state === "running",
  );
  const images = (isPulling && course.pulls?.line) || `${verified.length}/${tasks.length} verified`;
  const hasWork = tasks.some((task) => {
    const { image, probe } = namesOf(task);
    const steps = [course.steps.get(image), course.steps.get(probe)];
    return missing.includes(task) || steps.some((step) => step !== undefined && step.operation !== "same");
  });
  const parts = [
    ...(hasWork ? [`images ${images}`] : []),
    ...(course.failed.size === 0 ? [] : [`${course.failed.size} failed so far`]),
    ...(doing === "" ? [] : [`at work: ${doing}`]),
  ];
  return parts.length === 0 ? undefined : `${time}: ${parts.join("; ")}`;
}
