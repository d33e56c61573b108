/**
 * What tells a rehearsal's engine from any other, and the commits that its stand-ins are at. A rehearsal writes it
 * (rehearsal/); what is proved of an image depends on it.
 */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Task, taskName } from "./tasks.ts";

/** Its presence says that everything in the folder is a rehearsal's, and may be removed. */
export const MARK = ".cooperbench-rehearsal";

/** The commit of each stand-in, by the name of its task; beside the mark. */
export const COMMITS = "commits.json";

/**
 * The folder of the rehearsal that an engine is, by whatever name its socket is called: then its images are stand-ins.
 *
 * @param dockerHost as DOCKER_HOST takes it.
 * @returns undefined for any other engine.
 */
export function rehearsalFolder(dockerHost: string): string | undefined {
  try {
    const folder = dirname(realpathSync(dockerHost.replace(/^unix:\/\//, "")));
    return existsSync(join(folder, MARK)) ? folder : undefined;
  } catch {
    return undefined; // not there, or no socket at all
  }
}

/** The commits of the stand-ins in a rehearsal's folder, by the names of their tasks; none where they are still to be made. */
export function standInCommits(folder: string): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(join(folder, COMMITS), "utf8"));
  } catch {
    return {};
  }
}

/** The tasks as an engine's images are to be: in a rehearsal, and nowhere else, at the commits of its stand-ins. */
export function tasksOn<T extends Task>(tasks: readonly T[], dockerHost: string): readonly T[] {
  const folder = rehearsalFolder(dockerHost);
  if (folder === undefined) return tasks;
  const commits = standInCommits(folder);
  return tasks.map((task) => ({ ...task, baseCommit: commits[taskName(task)] ?? task.baseCommit }));
}
