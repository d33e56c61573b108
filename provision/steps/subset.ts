import { existsSync, readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SubsetTask, smokeSubset, smokeSubsetFile } from "../../benchmark/smoke-subset.ts";
import { Problem } from "../../lib/problem.ts";
import type { Fault } from "../../lib/remedy.ts";
import { type Holder, isTakenOver, type Taker } from "../ownership/holder.ts";
import { isOf, type Owner } from "../ownership/owner.ts";

const madeBy = ({ stack, id, holder }: Holder) =>
  `made by cooperbench-machine for stack ${stack}${id === undefined ? "" : `, id ${id}`}${holder === undefined ? "" : `, resource ${holder}`}`;
const maker =
  /"made by cooperbench-machine for stack (?<stack>[^ ,"]+)(?:, id (?<id>[^ ,"]+))?(?:, resource (?<holder>[^ ,"]+))?"/;
const temporaryFile = (file: string) => `${file}.cooperbench-machine.tmp`;

function textOf(owner: Holder, tasks: readonly SubsetTask[]): string {
  const subset = {
    name: smokeSubset,
    description: madeBy(owner),
    tasks: tasks.map(({ repo, taskId, pairs }) => ({ repo, task_id: taskId, pairs })),
  };
  return `${JSON.stringify(subset, null, 2)}\n`;
}

/** What is wrong with the subset's file; undefined where nothing is. */
export function inspectSubset(
  folder: string,
  owner: Owner,
  tasks: readonly SubsetTask[],
): string | undefined {
  const file = join(folder, smokeSubsetFile);
  if (!existsSync(file)) return "it is missing";
  const text = readFileSync(file, "utf8");
  return text === textOf(subsetOwner(text) ?? owner, tasks) ? undefined : "it has other pairs";
}

/** Why the subset cannot be written; undefined where it can. */
export function refusedSubset(folder: string, owner: Owner): Fault | undefined {
  const file = join(folder, smokeSubsetFile);
  if (!existsSync(file) || isOwnSubset(folder, owner)) return undefined;
  return {
    found: `${file} already exists, and this stack did not make it`,
    remedies: { command: ["mv", file, `${file}.old`], when: "if no other stack made it" },
  };
}

/**
 * Writes the subset into the checkout's dataset.
 *
 * @throws a Problem where there is a file of this name that this stack did not make.
 */
export async function ensureSubset(
  folder: string,
  owner: Holder,
  tasks: readonly SubsetTask[],
): Promise<void> {
  const file = join(folder, smokeSubsetFile);
  const refused = refusedSubset(folder, owner);
  if (refused !== undefined) throw new Problem(refused.found, refused.remedies);
  await writeFile(temporaryFile(file), textOf(owner, tasks));
  await rename(temporaryFile(file), file);
}

/**
 * Removes the file where this stack made it. One that was changed since is left, with a word.
 *
 * @param tasks that the stack wrote into it.
 */
export async function removeSubset(
  folder: string,
  owner: Taker,
  tasks: readonly SubsetTask[],
  report: (line: string) => void,
): Promise<void> {
  const file = join(folder, smokeSubsetFile);
  await rm(temporaryFile(file), { force: true }); // of a step that was killed
  if (!existsSync(file)) return;
  const text = readFileSync(file, "utf8");
  const made = subsetOwner(text);
  if (made === undefined || !isOf(made, owner) || isTakenOver(made, owner)) return;
  if (text !== textOf(made, tasks)) report(`${file} is left: it was changed`);
  else await rm(file);
}

/** The stack that a subset's text says it is of; undefined where it says none. */
export function subsetOwner(text: string): Holder | undefined {
  const { stack, id, holder } = maker.exec(text)?.groups ?? {};
  return stack === undefined ? undefined : { stack, id, holder };
}

/** Whether the subset's file in a checkout is one that the stack made. */
export function isOwnSubset(folder: string, owner: Owner): boolean {
  const file = join(folder, smokeSubsetFile);
  if (!existsSync(file)) return false;
  const made = subsetOwner(readFileSync(file, "utf8"));
  return made !== undefined && isOf(made, owner);
}
