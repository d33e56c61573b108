import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { foundOf, Problem } from "../../../lib/problem.ts";
import { machine } from "../../../lib/remedy.ts";
import type { Owner } from "../../ownership/owner.ts";
import { otherFolder } from "../../remedies.ts";
import { makeBeside, missingParent, removeBeside, removeEmptyParents } from "./beside.ts";
import { git, gitNetwork, gitRun } from "./git.ts";
import { inspectCheckout } from "./inspect.ts";
import { markCheckout } from "./marker.ts";
import { tagsOf } from "./refs.ts";
import { settingsOf } from "./work-settings.ts";

/** The checkout that is to be made. */
export interface NewCheckout {
  /** Its place, as `realPlace` gives it: nothing, or an empty folder. */
  readonly folder: string;
  readonly owner: Owner;
  readonly repository: string;
  /** Commit, 40 hex digits. */
  readonly commit: string;
}

/**
 * Clones the repository beside the checkout's place, and renames the clone into place once it is whole.
 *
 * @returns whether it is in place: not where something else was there first.
 */
export async function cloneInto(wanted: NewCheckout): Promise<boolean> {
  const { folder, owner, repository, commit } = wanted;
  refusePlace(folder, owner.stack);
  const madeParent = missingParent(folder);
  const beside = makeBeside(folder, owner);
  try {
    const clone = join(beside, "clone");
    // Without a template nothing of the user's, such as hooks, comes into it.
    await gitNetwork(
      "clone",
      "--quiet",
      "--no-checkout",
      "--origin",
      "origin",
      "--template=",
      "--",
      repository,
      clone,
    );
    await fetchCommit(clone, repository, commit);
    await git(clone, "checkout", "--quiet", "--detach", commit);
    markCheckout(clone, {
      ...owner,
      path: folder,
      commit,
      madeParent,
      tags: await tagsOf(clone),
      settings: (await settingsOf(clone)).map(({ key }) => key),
      origin: await git(clone, "config", "--get", "remote.origin.url"),
    });
    const fault = inspectCheckout(clone);
    if (fault !== undefined) {
      throw new Problem(`${repository} at commit ${commit} is not CooperBench: ${fault}`, [
        { ...machine("set", owner.stack, "cooperbenchRepository", "URL"), when: "to clone CooperBench's" },
        {
          ...machine("set", owner.stack, "cooperbenchCommit", "COMMIT"),
          when: "to use a commit of CooperBench",
        },
      ]);
    }
    return moveIntoPlace(clone, folder);
  } finally {
    await removeBeside(beside);
    if (madeParent !== undefined) await removeEmptyParents(folder, madeParent);
  }
}

/** Gets a commit into a checkout's repository, where it is not there already. */
export async function fetchCommit(folder: string, repository: string, commit: string): Promise<void> {
  const has = await gitRun(folder, ["cat-file", "-e", `${commit}^{commit}`]);
  if (has.code === 0) return;
  await gitNetwork(
    "-C",
    folder,
    "fetch",
    "--quiet",
    "--no-tags",
    "--recurse-submodules=no",
    "--",
    repository,
    commit,
  ).catch((error: Error) => {
    throw new Problem(
      `${repository} does not give commit ${commit} (setting cooperbenchCommit):\n${foundOf(error)}`,
      { ...machine("set", "STACK", "cooperbenchCommit", "COMMIT"), when: "to use a commit that it has" },
    );
  });
}

function moveIntoPlace(clone: string, folder: string): boolean {
  const there = statSync(folder, { throwIfNoEntry: false });
  mkdirSync(dirname(folder), { recursive: true });
  if (there !== undefined) chmodSync(clone, there.mode & 0o7777);
  try {
    renameSync(clone, folder); // an empty folder is replaced
    return true;
  } catch (error) {
    if (["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return false;
    throw error;
  }
}

/** Refuses a place that a clone cannot be renamed to, before it is cloned. */
function refusePlace(folder: string, stack: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found?.isSymbolicLink())
    throw new Problem(`${folder} is a symbolic link to a folder that does not exist`, [
      { advice: "make the folder that it names" },
      otherFolder(stack),
    ]);
  if (found !== undefined && isMountPoint(folder))
    throw new Problem(
      `${folder} is a mount point, which a checkout cannot replace`,
      machine("set", stack, "cooperbenchDir", join(folder, "CooperBench")),
    );
}

/** Whether something is mounted at a folder. */
export function isMountPoint(folder: string): boolean {
  if (statSync(folder).dev !== statSync(dirname(folder)).dev) return true;
  try {
    // A mount of a folder of the same disk; spaces and the like are written in octal.
    const points = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .map((line) =>
        line
          .split(" ")[4]
          ?.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))),
      );
    return points.includes(folder);
  } catch {
    return false; // no Linux
  }
}
