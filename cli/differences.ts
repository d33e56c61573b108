/** What differs on a machine, or what was done to it, in the words of a person: made of the engine's events. */
import prettyBytes from "pretty-bytes";
import type { LockedTask } from "../benchmark/images-lock.ts";
import { taskName } from "../benchmark/tasks.ts";
import { layersToPull } from "../checks/doctor/to-pull.ts";
import { count } from "../checks/units.ts";
import { findingLabel } from "../provision/engine/owned.ts";
import { foundIn } from "../provision/repair.ts";
import { findingVariable, requestVariable } from "../provision/steps/contract.ts";
import type { Course, Step } from "./course.ts";
import type { Values } from "./events.ts";
import { askedName, namesOf, oracleOf, partNames, type Thing, thingOf } from "./parts.ts";

/** What is asked of a stack's images. */
export interface WantedImages {
  readonly tasks: readonly LockedTask[];
  /** Those of them whose image the engine lacked before. */
  readonly missing: readonly LockedTask[];
}

/** Something that differs. */
export interface Difference {
  /** What it is of, such as `.env` or `pillow_task/25`. */
  readonly thing: string;
  /** What several of its kind are called. */
  readonly noun?: "image" | "oracle";
  /** What will be done, and what was: the same for things that go together. */
  readonly will: string;
  readonly done: string;
  /** How far it is: what was begun of it is done so far, where more may follow. */
  readonly progress: "under way" | "so far" | "done";
  /** Layers that are to be pulled, with their bytes. */
  readonly layers?: Readonly<Record<string, number>>;
}

/** Everything that differs, or has changed, in the order of the machine's parts. What has failed is not among it. */
export function differences(course: Course, { tasks, missing }: WantedImages): readonly Difference[] {
  const layers = layersToPull(tasks, missing);
  const isMissing = new Set(missing);
  const images = tasks.flatMap(
    (task) => imageDifference(course, task, isMissing.has(task) ? layers : undefined) ?? [],
  );
  const oracles = tasks.flatMap((task) => oracleDifference(course, task) ?? []);
  const stepsOf = new Map<Thing, Step[]>();
  for (const step of course.steps.values()) {
    const thing = thingOf(step);
    if (thing !== undefined) stepsOf.set(thing, [...(stepsOf.get(thing) ?? []), step]);
  }
  const order = ({ part }: Thing) => partNames.indexOf(part);
  const inOrder = [...stepsOf].toSorted(([one], [other]) => order(one) - order(other));
  const others = inOrder.flatMap(([thing, steps]) => thingDifference(thing, steps) ?? []);
  return [...engineDifference(course), ...images, ...others, ...oracles];
}

/** What differs of that which a resource is of; undefined where nothing does. */
export function differenceOf(
  course: Course,
  { name, type }: Pick<Step, "name" | "type">,
  { tasks, missing }: WantedImages,
): Difference | undefined {
  if (name === imagesEngine) return engineDifference(course)[0];
  for (const task of tasks) {
    const { image, probe, oracle } = namesOf(task);
    if (name === oracle) return oracleDifference(course, task);
    if (name === image || name === probe) {
      const layers = missing.includes(task) ? layersToPull(tasks, missing) : undefined;
      return imageDifference(course, task, layers);
    }
  }
  const thing = thingOf({ name, type });
  const steps = thing && [...course.steps.values()].filter((step) => thingOf(step) === thing);
  return thing && thingDifference(thing, steps ?? []);
}

/** The resource that names the engine. */
const imagesEngine = "images-engine";

/** Whether the engine is another than before. */
export function hasMoved({ steps }: Course): boolean {
  const { oldInputs, inputs } = steps.get(imagesEngine) ?? {};
  const [before, now] = [oldInputs?.host, inputs?.host];
  return before !== undefined && now !== undefined && before !== now;
}

/** Another engine than before. */
function engineDifference(course: Course): readonly Difference[] {
  const { oldInputs, inputs, state } = course.steps.get(imagesEngine) ?? {};
  const [before, now] = [oldInputs?.host, inputs?.host];
  if (!hasMoved(course) || state === "failed") return [];
  const text = `${before} → ${now}; images stay on ${before}`;
  return [{ thing: "engine", will: text, done: text, progress: state === "done" ? "done" : "under way" }];
}

/** Images that are no longer the stack's, in lines: those of tasks by their number. */
export function unmanagedImages(course: Course): readonly string[] {
  const gone = [...course.steps.values()].filter(
    ({ type, operation, state }) => isImage(type) && operation === "delete" && state !== "failed",
  );
  const ofServices = gone.flatMap((step) => {
    const { thing } = thingOf(step) ?? {};
    return thing === undefined ? [] : `${/^[a-z]/.test(thing) ? "the " : ""}${thing}`;
  });
  const ofTasks = gone.length - ofServices.length;
  return [
    ...(ofTasks === 1 ? ["1 image is no longer managed; it stays on the engine"] : []),
    ...(ofTasks > 1 ? [`${ofTasks} images are no longer managed; they stay on the engine`] : []),
    ...ofServices.map((thing) => `the image of ${thing} is no longer managed; it stays on the engine`),
  ];
}

const isImage = (type: string) => type === "docker:index/remoteImage:RemoteImage";

/** @param toPull layers of which those of this image are to be pulled; undefined where the engine has the image. */
function imageDifference(
  course: Course,
  task: LockedTask,
  toPull: Difference["layers"],
): Difference | undefined {
  const names = namesOf(task);
  const [image, probe] = [course.steps.get(names.image), course.steps.get(names.probe)];
  const changed = [image, probe].filter((step) => step !== undefined && step.operation !== "same");
  if (
    changed.length === 0 ||
    changed.some((step) => step?.state === "failed" || step?.operation === "delete")
  )
    return undefined;
  const verified = probe?.state === "done" ? " and verified" : "";
  const isLast = probe !== undefined || image === undefined;
  const progress = progressOf(
    changed.flatMap((step) => step ?? []),
    isLast,
  );
  const told = { thing: taskName(task), noun: "image" as const, progress };
  if (toPull !== undefined) {
    const layers = Object.entries(task.locked?.layers ?? {}).filter(([digest]) => digest in toPull);
    return {
      ...{ ...told, will: "not on the engine, will be pulled", done: `pulled${verified}` },
      ...(layers.length > 0 && { layers: Object.fromEntries(layers) }),
    };
  }
  const moved = newIn(image, ({ triggers }) => (triggers as Values | undefined)?.finding);
  if (moved !== undefined)
    return { ...told, will: `${moved}; will be given back`, done: `given its tag back${verified}: ${moved}` };
  if (image?.operation === "create")
    return { ...told, will: "on the engine, will be verified", done: `found${verified}` };
  if (probe !== undefined && isFirst(probe)) return { ...told, will: "will be verified", done: "verified" };
  const why = probe ? becauseOf(probe) : "";
  return { ...told, will: `will be verified again${why}`, done: `verified again${why}` };
}

function oracleDifference({ steps }: Course, task: LockedTask): Difference | undefined {
  const step = steps.get(namesOf(task).oracle);
  const found = step && thingDifference(oracleOf(task), [step]);
  return found && { ...found, noun: "oracle" };
}

function thingDifference(of: Thing, steps: readonly Step[]): Difference | undefined {
  // A use that is noted otherwise is no change of what is used.
  const isNote = ({ name, operation }: Step) => name === of.goesWith && operation === "update";
  const changed = steps.filter((step) => step.operation !== "same" && !isNote(step));
  if (changed.length === 0 || changed.some(({ state }) => state === "failed")) return undefined;
  // What it has said of it is the truth: it may have been left as it is.
  if (changed.some(({ hasSaid }) => hasSaid === true)) return undefined;
  const { thing, last, goesWith } = of;
  const progress = progressOf(changed, last === undefined || changed.some(({ name }) => name === last));
  if (changed.every(({ operation }) => operation === "delete")) {
    if (of.isProof || (goesWith !== undefined && !changed.some(({ name }) => name === goesWith)))
      return undefined;
    return { thing, progress, will: "will be removed", done: "removed" };
  }
  // What is made for the first time is missing: that says nothing more.
  if (changed.every(isFirst)) return { thing, progress, will: `will be ${of.verb}`, done: of.verb };
  const found = changed.flatMap((step) => newIn(step, findingIn) ?? [])[0];
  if (found !== undefined)
    return { thing, progress, will: `${found}; will be ${of.again}`, done: `${of.again}, because ${found}` };
  const why = changed.map(becauseOf).find((one) => one !== "") ?? "";
  return { thing, progress, will: `will be ${of.again}${why}`, done: `${of.again}${why}` };
}

function progressOf(changed: readonly Step[], isLast: boolean): Difference["progress"] {
  if (changed.some(({ state }) => state !== "done")) return "under way";
  return isLast ? "done" : "so far";
}

/** A text that the program puts into an input for what it found just now; undefined where it did not. */
function newIn(step: Step | undefined, of: (inputs: Values) => unknown): string | undefined {
  const [before, now] = [of(step?.oldInputs ?? {}), of(step?.inputs ?? {})];
  return typeof now === "string" && now !== before ? short(foundIn(now)) : undefined;
}

/** What was found, as a command has it in a variable, and a container in a label. */
function findingIn({ environment, labels }: Values): unknown {
  const found = (labels as readonly { label: string; value: string }[] | undefined)?.find(
    ({ label }) => label === findingLabel,
  );
  return found?.value ?? (environment as Values | undefined)?.[findingVariable];
}

/** With digests as they are shown elsewhere. */
function short(text: string): string {
  return text.replaceAll(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, "$1");
}

/** Whether nothing is known of a step from before: it is new, or the update that first made it was cut off. */
function isFirst({ operation, oldInputs }: Step): boolean {
  return operation === "create" || (operation !== "delete" && Object.keys(oldInputs).length === 0);
}

/** Which settings of a step have changed, in brackets: the weightiest. */
function becauseOf({ oldInputs, inputs }: Step): string {
  const [before, now] = [requestIn(oldInputs), requestIn(inputs)];
  // What nothing is known of differs in everything: a preview may not know what will be asked.
  if ([before, now].some((one) => Object.keys(one).length === 0)) return "";
  const keys = Object.keys({ ...before, ...now }).filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]),
  );
  const named = keys.map((key) => {
    const { name, hasValue } = askedName(key);
    const [old, young] = [shown(before[key]), shown(now[key])];
    return !hasValue || old === undefined || young === undefined ? name : `${name}: ${old} → ${young}`;
  });
  const changes = [...new Set(named)];
  if (changes.length === 0) return "";
  if (changes.length <= namedAtMost) return ` (${changes.join(", ")})`;
  // A value says most.
  const weighty = changes.toSorted(
    (one, other) => Number(other.includes(" → ")) - Number(one.includes(" → ")),
  );
  return ` (${weighty.slice(0, namedAtMost).join(", ")}, …)`;
}

function requestIn({ environment }: Values): Values {
  try {
    return JSON.parse(String((environment as Values | undefined)?.[requestVariable])) as Values;
  } catch {
    return {};
  }
}

/** A setting in a few letters; undefined where it has more. */
function shown(value: unknown): string | undefined {
  const text = value === undefined ? "none" : typeof value === "object" ? "" : String(value);
  return text !== "" && text.length <= 40 ? text : undefined;
}

/** More names than these are a number, and more reasons are left out. */
const namedAtMost = 3;

/** Differences in lines: what goes together in one, with its names or their number. */
export function inLines(found: readonly Difference[], tense: "will" | "done"): readonly string[] {
  const groups = new Map<string, Difference[]>();
  for (const one of found) groups.set(one[tense], [...(groups.get(one[tense]) ?? []), one]);
  return [...groups].map(([text, of]) => `${named(of)}: ${text}${sizeOf(of)}`);
}

/** One difference in its line. */
export function inLine(one: Difference, tense: "will" | "done"): string {
  return inLines([one], tense)[0] as string;
}

function named(of: readonly Difference[]): string {
  const [first] = of;
  if (of.length > namedAtMost && first?.noun !== undefined) return count(of.length, first.noun);
  return of.map(({ thing }) => thing).join(", ");
}

/** How much is pulled. Images share layers. */
function sizeOf(of: readonly Difference[]): string {
  const layers = Object.assign({}, ...of.map(({ layers = {} }) => layers)) as Record<string, number>;
  const bytes = Object.values(layers).reduce((sum, size) => sum + size, 0);
  return bytes === 0 ? "" : ` (${prettyBytes(bytes)})`;
}
