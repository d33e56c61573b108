import { existsSync, readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isOf, type Owner } from "./owner.ts";
import { Problem } from "./problem.ts";

/** A task of a subset, with the pairs of features that are run. */
export interface SubsetTask {
  readonly repo: string;
  readonly taskId: number;
  readonly pairs: readonly (readonly [number, number])[];
}

/** Name of the subset of a few pairs, as `cooperbench run -s` takes it. */
export const smokeSubset = "machine-smoke";

/** Its file in the checkout, from there. */
export const smokeSubsetFile = `dataset/subsets/${smokeSubset}.json`;

const madeBy = ({ stack, id }: Owner) =>
  `made by cooperbench-machine for stack ${stack}${id === undefined ? "" : `, id ${id}`}`;
const maker = /"made by cooperbench-machine for stack (?<stack>[^ ,"]+)(?:, id (?<id>[^ ,"]+))?"/;

function textOf(owner: Owner, tasks: readonly SubsetTask[]): string {
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
  return text === textOf(makerOf(text) ?? owner, tasks) ? undefined : "it has other pairs";
}

/**
 * Writes the subset into the checkout's dataset.
 *
 * @throws a Problem where there is a file of this name that this stack did not make.
 */
export async function ensureSubset(
  folder: string,
  owner: Owner,
  tasks: readonly SubsetTask[],
): Promise<void> {
  const file = join(folder, smokeSubsetFile);
  if (existsSync(file) && !isMadeBy(file, owner)) {
    throw new Problem(
      `${file}: got a file that this stack did not make, want none; move it away, or run ./machine destroy on the stack that made it`,
    );
  }
  await writeFile(`${file}.new`, textOf(owner, tasks));
  await rename(`${file}.new`, file);
}

/** Removes the file where this stack made it. */
export async function removeSubset(folder: string, owner: Owner): Promise<void> {
  const file = join(folder, smokeSubsetFile);
  if (existsSync(file) && isMadeBy(file, owner)) await rm(file);
}

function makerOf(text: string): Owner | undefined {
  const { stack, id } = maker.exec(text)?.groups ?? {};
  return stack === undefined ? undefined : { stack, id };
}

function isMadeBy(file: string, owner: Owner): boolean {
  const made = makerOf(readFileSync(file, "utf8"));
  return made !== undefined && isOf(made, owner);
}
