/** One screen of an operation: its images and parts, each with its state and time. Pure: what is drawn of a course. */
import { styleText } from "node:util";
import prettyBytes from "pretty-bytes";
import prettyMilliseconds from "pretty-ms";
import type { LockedTask } from "../benchmark/images-lock.ts";
import { taskName } from "../benchmark/tasks.ts";
import type { Course, Step } from "./course.ts";
import type { WantedImages } from "./differences.ts";
import { failureLines } from "./failures.ts";
import { namesOf, type PartName, partNames, thingOf } from "./parts.ts";
import type { Size } from "./terminal.ts";

/** What a screen is of. */
export interface Shown extends WantedImages {
  /** Such as `up lab-1`. */
  readonly title: string;
  /** Parts that the stack does not have. */
  readonly off: readonly PartName[];
}

/** A piece of a line in one colour. */
interface Span {
  readonly text: string;
  readonly colour?: State["colour"] | undefined;
}

interface State {
  readonly text: string;
  readonly colour?: "green" | "red" | "gray" | "yellow" | undefined;
}

/** The lines of a screen, none wider than it, one fewer than it has rows. */
export function screen(
  course: Course,
  shown: Shown,
  { columns, rows }: Size,
  inColour: boolean,
): readonly string[] {
  const { tasks, title, off } = shown;
  const lines: Span[][] = [
    [
      {
        text: `${title}  ${seconds(course.clock() - course.since)}${course.steps.size === 0 ? "  looking at what is there" : ""}`,
      },
    ],
  ];
  const row = (name: string, { text, colour }: State, time = "") =>
    lines.push([
      { text: name.padEnd(nameWidth) },
      { text: `${time.padStart(timeWidth)}  `, colour: "gray" },
      { text, colour },
    ]);
  if (tasks.length > 0) {
    const steps = tasks.flatMap((task) => stepsOf(course, task));
    row("images", { text: counted(course, shown) }, timeOf(course, steps));
    const line = course.pulls?.line ?? "";
    if (tasks.some((task) => isWaited(stateOf(course, shown, task))))
      row("", { text: line.slice(line.indexOf("; ") + 1).trim() });
  }
  for (const part of partNames) {
    if (part === "images" || (part === "oracle" && off.includes(part))) continue;
    const steps = [...course.steps.values()].filter((step) => partOf(step) === part);
    row(part, partState(steps, off.includes(part)), timeOf(course, steps));
  }
  const last = failureLines(tasks, course.failed).at(-1);
  const bottom: Span[][] = last === undefined ? [] : [[{ text: last.split("\n")[0] ?? "", colour: "red" }]];
  const room = rows - 1 - lines.length - bottom.length;
  return [...lines, ...grid(course, shown, columns - 1, room), ...bottom]
    .slice(0, rows - 1)
    .map((line) => drawn(line, columns - 1, inColour));
}

const nameWidth = Math.max(...partNames.map((name) => name.length));
const timeWidth = 8;

const imageStates = ["failed", "pulling", "checking", "waiting", "verified"] as const;
type ImageState = (typeof imageStates)[number];
const colours: Readonly<Record<ImageState, State["colour"]>> = {
  failed: "red",
  pulling: "yellow",
  checking: "yellow",
  waiting: "gray",
  verified: "green",
};

function stateOf(course: Course, { missing }: WantedImages, task: LockedTask): ImageState {
  const names = namesOf(task);
  const [image, probe] = [course.steps.get(names.image), course.steps.get(names.probe)];
  if (image?.state === "failed" || probe?.state === "failed") return "failed";
  if (probe?.state === "done") return "verified";
  if (probe !== undefined) return "checking";
  if (image?.state !== "running") return "waiting";
  if (!missing.includes(task)) return "checking";
  return course.pulls?.images[task.image] === undefined ? "waiting" : "pulling";
}

function stepsOf(course: Course, task: LockedTask): readonly Step[] {
  const { image, probe } = namesOf(task);
  return [image, probe].flatMap((name) => course.steps.get(name) ?? []);
}

const isWaited = (state: ImageState) => state === "pulling" || state === "waiting";

/** How many images are in each state. */
function counted(course: Course, shown: Shown): string {
  const states = shown.tasks.map((task) => stateOf(course, shown, task));
  const counts = imageStates
    .toReversed()
    .map((state) => [state, states.filter((one) => one === state).length] as const);
  return counts
    .filter(([state, number]) => number > 0 || state === "verified")
    .map(([state, number]) =>
      state === "verified" ? `${number}/${states.length} verified` : `${number} ${state}`,
    )
    .join(", ");
}

/** The images, in as many columns as fit: all of them, or else those that something is done to. */
function grid(course: Course, shown: Shown, width: number, rows: number): readonly Span[][] {
  const all = shown.tasks.map((task) => ({ task, state: stateOf(course, shown, task) }));
  const gap = 3;
  const stateWidth = 24;
  const names = Math.max(0, ...all.map(({ task }) => taskName(task).length));
  const across = Math.max(1, Math.floor((width + gap) / (names + 2 + stateWidth + gap)));
  const room = Math.max(0, rows - 1) * across;
  const wanted =
    all.length <= room ? all : all.filter(({ state }) => state !== "verified" && state !== "waiting");
  const ordered =
    wanted === all
      ? all
      : wanted.toSorted((a, b) => imageStates.indexOf(a.state) - imageStates.indexOf(b.state)).slice(0, room);
  if (ordered.length === 0) return [];
  // Read downwards.
  const down = Math.ceil(ordered.length / across);
  const lines = Array.from({ length: down }, (_, row) =>
    Array.from({ length: across }, (_, column) => ordered[column * down + row]).flatMap((cell): Span[] => {
      if (cell === undefined) return [];
      const text = `${cell.state}${detailOf(course, cell.task, cell.state)}`;
      return [
        { text: `${taskName(cell.task).padEnd(names)}  ` },
        { text: text.padEnd(stateWidth + gap), colour: colours[cell.state] },
      ];
    }),
  );
  return [[], ...lines];
}

/** How much of an image is pulled, or how long it took. */
function detailOf(course: Course, task: LockedTask, state: ImageState): string {
  if (state === "waiting") return "";
  const time = timeOf(course, stepsOf(course, task));
  const { done = 0, total = 0 } = course.pulls?.images[task.image] ?? {};
  if (state !== "pulling" || total === 0) return time === "" ? "" : `  ${time}`;
  return done >= total ? ", unpacking" : ` ${Math.floor((100 * done) / total)} % of ${prettyBytes(total)}`;
}

function partOf(step: Step): PartName | undefined {
  return step.name.endsWith("-oracle") ? "oracle" : thingOf(step)?.part;
}

function partState(steps: readonly Step[], isOff: boolean): State {
  const failed = steps.filter(({ state }) => state === "failed").length;
  if (failed > 0)
    return { text: steps.length === 1 ? "failed" : `${failed} of ${steps.length} failed`, colour: "red" };
  const running = steps.filter(({ state, operation }) => state === "running" && operation !== "same");
  const [one] = running;
  if (one !== undefined) {
    const usual = one.operation === "delete" ? "is removed" : "at work";
    const done = steps.length > 1 ? `${steps.length - running.length}/${steps.length} ` : "";
    return { text: `${done}${one.doing ?? usual}`, colour: "yellow" };
  }
  if (steps.length === 0) return { text: isOff ? "off" : "waiting", colour: "gray" };
  if (steps.every(({ operation }) => operation === "same")) return { text: "as it was", colour: "green" };
  return {
    text: steps.every(({ operation }) => operation === "delete") ? "removed" : "done",
    colour: "green",
  };
}

function timeOf(course: Course, steps: readonly Step[]): string {
  const changed = steps.filter(({ operation }) => operation !== "same");
  if (changed.length === 0) return "";
  const until = Math.max(...changed.map(({ until }) => until ?? course.clock()));
  return seconds(until - Math.min(...changed.map(({ since }) => since)));
}

function seconds(milliseconds: number): string {
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)}s`;
  return prettyMilliseconds(milliseconds, { secondsDecimalDigits: 0 });
}

/** A line cut to a width. */
function drawn(line: readonly Span[], width: number, inColour: boolean): string {
  let left = width;
  return line
    .map(({ text, colour }) => {
      const cut = text.replaceAll(/[\n\t]/g, " ").slice(0, left);
      left -= cut.length;
      const letters = cut.trimEnd();
      if (!inColour || colour === undefined || letters === "") return cut;
      return styleText(colour, letters, { validateStream: false }) + cut.slice(letters.length);
    })
    .join("")
    .trimEnd();
}
