/** What of a machine each resource is, in the words of a person, and what is done to it. */
import { type Task, taskKey, taskName } from "../benchmark/tasks.ts";
import { proofNames } from "../checks/status/names.ts";
import type { StepName, Steps } from "../provision/steps/contract.ts";
import type { Step } from "./course.ts";

/** The parts of a machine, in the order in which they are shown. */
export const partNames = [
  "images",
  "checkout",
  "environment",
  "cooperbench",
  "credentials",
  "route",
  "services",
  "oracle",
  "plan",
] as const;
export type PartName = (typeof partNames)[number];

/** A thing on a machine, of one resource or several. */
export interface Thing {
  readonly part: PartName;
  /** What a sentence about it begins with. */
  readonly thing: string;
  /** What is done to it: the first time, and later. */
  readonly verb: string;
  readonly again: string;
  /** Whether it is a proof, of which nothing is left. */
  readonly isProof?: boolean;
  /** The resource that is the last of several. */
  readonly last?: string;
  /** The resource whose removal removes it: the others only leave the state. */
  readonly goesWith?: string;
}

const things: readonly (readonly [RegExp, Thing])[] = [
  [named(proofNames.checkout), { part: "checkout", thing: "checkout", verb: "made", again: "put right" }],
  [named(proofNames.venv), { part: "environment", thing: ".venv", verb: "made", again: "put right" }],
  [
    named(proofNames.cli),
    { part: "cooperbench", thing: "cooperbench", verb: "tested", again: "tested again", isProof: true },
  ],
  [/^credentials-dotenv$/, { part: "credentials", thing: ".env", verb: "written", again: "written again" }],
  [
    named(proofNames.route),
    { part: "route", thing: "route", verb: "proved", again: "proved again", isProof: true },
  ],
  [
    named(proofNames.coop),
    { part: "services", thing: "services", verb: "proved", again: "proved again", isProof: true },
  ],
  [
    /^coop-redis-/,
    {
      part: "services",
      thing: "Redis",
      verb: "started",
      again: "started again",
      last: "coop-redis-container",
      goesWith: "coop-redis-use",
    },
  ],
  [
    /^coop-git-/,
    {
      part: "services",
      thing: "git server",
      verb: "started",
      again: "started again",
      last: "coop-git-container",
      goesWith: "coop-git-use",
    },
  ],
  [
    /^runs-subset$/,
    { part: "plan", thing: "subset of the smoke run", verb: "written", again: "written again" },
  ],
];

function named(name: string): RegExp {
  return new RegExp(`^${name}$`);
}

/** What a resource is of; undefined for a provider, and for what is of an image. */
export function thingOf({ name, type }: Pick<Step, "name" | "type">): Thing | undefined {
  if (type.startsWith("pulumi:")) return undefined;
  return things.find(([pattern]) => pattern.test(name))?.[1];
}

/** The oracle of a task as a thing. */
export function oracleOf(task: Pick<Task, "repo" | "taskId">): Thing {
  const thing = `oracle of ${taskName(task)}`;
  return { part: "oracle", thing, verb: "evaluated", again: "evaluated again", isProof: true };
}

/** The names of a task's resources. */
export function namesOf(task: Pick<Task, "repo" | "taskId">) {
  return { image: taskKey(task), probe: proofNames.image(task), oracle: proofNames.oracle(task) };
}

/** What a person calls a resource: its task, its thing, or else its own name. */
export function calledBy(tasks: readonly Task[], name: string): string {
  for (const task of tasks) {
    const { image, probe, oracle } = namesOf(task);
    if (name === image || name === probe) return taskName(task);
    if (name === oracle) return oracleOf(task).thing;
  }
  return thingOf({ name, type: "" })?.thing ?? name;
}

/** Whatever a step is asked. */
type Asked = "owner" | { [Name in StepName]: keyof Steps[Name]["request"] }[StepName];

/** The same by the names of settings, or in words, which need no value beside them. */
const askedNames: Readonly<Record<Asked, string>> = {
  owner: "another id of the stack",
  folder: "cooperbenchDir",
  file: "cooperbenchDir",
  repository: "cooperbenchRepository",
  commit: "commit",
  version: "cooperbenchVersion",
  leftAt: "the commit that you have it at",
  pythonVersion: "pythonVersion",
  extras: "cooperbenchExtras",
  subset: "subset",
  tasks: "tasks",
  modelApiBase: "modelApiBase",
  model: "model",
  dockerHost: "dockerHost",
  image: "image",
  imageId: "another image",
  locked: "another image in the image lock",
  baseCommit: "commit",
  container: "another name of its container",
  timeoutSeconds: "its time limit",
  revision: "more is looked at",
  service: "service",
  wish: "its use",
  redis: "redisHost and redisPort",
  gitClient: "git",
  conflict: "what is in the way",
  adopted: "what is older than ids",
};

/** What a reader knows something by that a step is asked, and whether its value says more. */
export function askedName(asked: string): { readonly name: string; readonly hasValue: boolean } {
  const name = (askedNames as Readonly<Record<string, string>>)[asked] ?? asked;
  return { name, hasValue: !name.includes(" ") && asked !== "gitClient" };
}
