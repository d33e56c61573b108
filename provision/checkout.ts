import { existsSync, mkdirSync } from "node:fs";
import { readdir, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Marker, readOwnMarker, writeMarker } from "./marker.ts";
import type { Owner } from "./owner.ts";
import { Problem } from "./problem.ts";
import { output, run } from "./run.ts";
import { smokeSubsetFile } from "./subset.ts";

/** The checkout of CooperBench that is wanted. */
export interface Checkout {
  /** Absolute folder of the checkout. */
  readonly folder: string;
  /** The stack that it is for. */
  readonly owner: Owner;
  /** Git repository that it is cloned from. */
  readonly repository: string;
  /** Commit, 40 hex digits. */
  readonly commit: string;
}

/** The checkout that is there. */
export interface CheckoutResult {
  readonly folder: string;
  /** The commit that it is at: not the wanted one where the user has moved it. */
  readonly commit: string;
  /** Whether the stack made it, and so may move it and remove it. */
  readonly made: boolean;
  /** What the user should know of it. */
  readonly note?: string;
}

interface CheckoutMarker extends Marker {
  /** The commit that the stack has last checked out. */
  readonly commit: string;
  /** The topmost folder above it that was made for it, absolute; undefined where all were there. */
  readonly madeParent?: string | undefined;
}

// Inside .git, so that it is no change of the checkout, and goes where the checkout goes.
const markerFile = (folder: string) => join(folder, ".git", "cooperbench-machine.json");
const markerOf = (folder: string, owner: Owner) => readOwnMarker<CheckoutMarker>(markerFile(folder), owner);

/** What a git command prints that is run in a folder's checkout. Throws a Problem where it fails. */
export const git = (folder: string, ...args: string[]) =>
  output("git", ["-C", folder, ...args], {
    env: { GIT_TERMINAL_PROMPT: "0", GIT_DIR: undefined, GIT_WORK_TREE: undefined },
  });

/** The commit that a checkout is at. */
export const headOf = (folder: string) => git(folder, "rev-parse", "HEAD");

/** What is wrong with the checkout at first sight (no program is run); undefined where nothing is. */
export function inspectCheckout(folder: string): string | undefined {
  if (!existsSync(folder)) return "it is missing";
  return existsSync(join(folder, ".git")) ? undefined : "it is no git checkout";
}

/**
 * Clones the repository at the commit, or finds a checkout. One that the stack made is moved to the commit where
 * that loses nothing; one that the user made or changed is left as it is, with a note.
 */
export async function ensureCheckout(
  wanted: Checkout,
  report: (line: string) => void,
): Promise<CheckoutResult> {
  const { folder, owner, repository, commit } = wanted;
  if (await isAbsentOrEmpty(folder)) {
    report(`cloning ${repository} into ${folder}`);
    await clone(wanted);
    return { folder, commit, made: true };
  }
  if (inspectCheckout(folder) !== undefined) {
    throw new Problem(
      `${folder}: got a folder with files, want a git checkout of CooperBench or nothing; move it away, or set cooperbenchDir to another folder`,
    );
  }
  const head = await headOf(folder);
  const marker = markerOf(folder, owner);
  const made = marker !== undefined;
  if (head === commit) return { folder, commit, made };
  const kept = made ? await changes(folder, marker) : "this stack did not make it";
  if (kept !== undefined) {
    const note = `${folder} is at ${head}, not at ${commit}, and is left as it is: ${kept}. To move it: git -C ${folder} fetch ${repository} && git -C ${folder} checkout ${commit}`;
    report(note);
    return { folder, commit: head, made, note };
  }
  report(`moving ${folder} from ${head} to ${commit}`);
  await checkOut(folder, wanted, marker?.madeParent);
  return { folder, commit, made };
}

/** Removes a checkout that the stack made, unless there is something in it that the stack did not make. */
export async function removeCheckout(
  folder: string,
  owner: Owner,
  report: (line: string) => void,
): Promise<void> {
  const marker = markerOf(folder, owner);
  if (marker === undefined) return;
  const kept = (await changes(folder, marker)) ?? (await otherFiles(folder));
  if (kept !== undefined) {
    report(`${folder} is left: ${kept}`);
    return;
  }
  await rm(folder, { recursive: true });
  if (marker.madeParent === undefined) return;
  // The folders above that were made for it, where they are empty now.
  for (
    let parent = dirname(resolve(folder));
    parent.startsWith(marker.madeParent);
    parent = dirname(parent)
  ) {
    const removed = await rmdir(parent).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

async function isAbsentOrEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
    throw new Problem(
      `${folder}: want a folder, got ${(error as Error).message}; move it away, or set cooperbenchDir`,
    );
  }
}

async function clone(wanted: Checkout): Promise<void> {
  const partial = `${wanted.folder}.partial`;
  await rm(partial, { recursive: true, force: true }); // of a clone that was killed
  const madeParent = mkdirSync(dirname(resolve(wanted.folder)), { recursive: true });
  await git(".", "clone", "--quiet", "--no-checkout", wanted.repository, resolve(partial));
  await checkOut(partial, wanted, madeParent);
  await rename(partial, wanted.folder);
}

async function checkOut(
  folder: string,
  { owner, repository, commit }: Checkout,
  madeParent: string | undefined,
): Promise<void> {
  const has = await run("git", ["-C", folder, "cat-file", "-e", `${commit}^{commit}`]);
  if (has.code !== 0) await git(folder, "fetch", "--quiet", repository, commit);
  await git(folder, "-c", "advice.detachedHead=false", "checkout", "--quiet", "--detach", commit);
  writeMarker<CheckoutMarker>(markerFile(folder), { ...owner, path: resolve(folder), commit, madeParent });
}

/** What the user has done in a checkout that the stack made; undefined where nothing. */
async function changes(folder: string, { commit }: CheckoutMarker): Promise<string | undefined> {
  if ((await headOf(folder)) !== commit) return "its HEAD was moved";
  const changed = await git(folder, "status", "--porcelain", "--", ".", `:!${smokeSubsetFile}`);
  if (changed !== "")
    return `it has changes (${list(changed.split("\n").map((line) => line.replace(/^\s*\S+\s+/, "")))})`;
  if ((await git(folder, "stash", "list")) !== "") return "it has stashed changes";
  const own = await git(folder, "log", "--format=%h", "--branches", "--not", "--remotes", commit);
  return own === "" ? undefined : `it has commits of its own (${list(own.split("\n"))})`;
}

/** Files that git ignores, such as the results of runs in logs/, but for what an install and a run leave behind. */
async function otherFiles(folder: string): Promise<string | undefined> {
  const ignored = await git(folder, "ls-files", "--others", "--ignored", "--exclude-standard", "--directory");
  const files = ignored
    .split("\n")
    .filter((file) => file !== "" && !/\.egg-info\/$|(^|\/)__pycache__\/$|\.pyc$/.test(file));
  return files.length === 0 ? undefined : `it has files that the stack did not make (${list(files)})`;
}

function list(names: readonly string[]): string {
  return names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
}
