import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { withScratch } from "./cache.ts";
import { commitFiles, git } from "./git-history.ts";
import { type Entry, incompressible, makeLayer } from "./layer.ts";
import type { ImageSpec } from "./publish.ts";
import { RUNNER, type SharedLayers } from "./shared-layers.ts";
import { repositoryFiles, runner } from "./stand-in.ts";
import type { Task } from "./tasks.ts";

/**
 * What a stand-in may have wrong, for tests: no checkout, another commit, a HEAD whose reading hangs, a runner that
 * never ends, a runner that prints nothing, a runner that does the same and is not the dataset's.
 */
export type Fault =
  | "no-repository"
  | "wrong-commit"
  | "hanging-head"
  | "hanging-runner"
  | "silent-runner"
  | "other-runner";

/** A stand-in's deviations from a good, small one. */
export interface StandInOptions {
  readonly fault?: Fault;
  /** Incompressible bytes in a layer of their own. Default 0. */
  readonly payloadBytes?: number;
  /** Default: the task's real name. Without a tag, the image is found by its digest only. */
  readonly reference?: string;
  /**
   * The commit that it says to be at, which git knows by a replacement: the benchmark's own. Nothing that is built on it
   * can be pushed, so no agent runs in it. Default: the commit that it has.
   */
  readonly claims?: string;
  /** Where git works. Default: the system's folder for temporary files. */
  readonly workFolder?: string;
}

/** A stand-in and the commit that a good one of its task is at. */
export interface StandIn {
  readonly spec: ImageSpec;
  readonly baseCommit: string;
}

/** Makes the stand-in of a task: the shared layers, a real git checkout at a detached commit, and a payload if asked. */
export async function standIn(
  task: Task,
  shared: SharedLayers,
  options: StandInOptions = {},
): Promise<StandIn> {
  const { fault, payloadBytes = 0, reference = task.image, workFolder = tmpdir(), claims } = options;
  const good = await checkout(task, "Begin", workFolder, claims);
  const shown = fault === "wrong-commit" ? await checkout(task, "Begin elsewhere", workFolder) : good;
  const layers = [shared.base, shared.git, await makeLayer(withFault(shown.entries, fault))];
  if (payloadBytes > 0) {
    const bytes = incompressible(task.image, payloadBytes);
    layers.push(await makeLayer([{ path: "payload", type: "file", bytes }], 0));
  }
  return {
    spec: { reference, layers, entrypoint: [RUNNER], workingDir: "/workspace" },
    baseCommit: good.commit,
  };
}

function withFault(entries: readonly Entry[], fault: Fault | undefined): Entry[] {
  const repository = "workspace/repo";
  if (fault === "no-repository") return [{ path: "workspace/empty", type: "directory" }];
  if (fault === "hanging-runner" || fault === "silent-runner" || fault === "other-runner")
    return [...entries, runnerWith(fault)];
  if (fault !== "hanging-head") return [...entries];
  // Nobody ever writes to a FIFO in a fresh container: whoever reads it waits.
  return entries.map((entry) =>
    entry.path === `${repository}/.git/HEAD` ? { path: entry.path, type: "fifo" } : entry,
  );
}

/** A runner that hides the one of the base layer. */
function runnerWith(fault: "hanging-runner" | "silent-runner" | "other-runner"): Entry {
  const bytes = {
    "hanging-runner": Buffer.from("#!/bin/sh\necho 'the runner waits'\nexec sleep 3600\n"),
    "silent-runner": Buffer.from("#!/bin/sh\n"),
    "other-runner": Buffer.concat([runner(), Buffer.from("# of another version\n")]),
  }[fault];
  return { path: RUNNER.slice(1), type: "file", mode: 0o755, bytes };
}

/** The files of /workspace/repo, made by git, the worktree clean and HEAD detached. */
async function checkout(
  task: Task,
  message: string,
  workFolder: string,
  claims?: string,
): Promise<{ commit: string; entries: Entry[] }> {
  return withScratch(workFolder, async (folder) => {
    const gitDir = join(folder, "git");
    const files = repositoryFiles(task);
    const commit = await commitFiles(gitDir, files, message, false);
    await git(gitDir, ["update-ref", "--no-deref", "HEAD", commit]);
    // read-tree writes an index with no times and inodes in it, which are never the same twice.
    await git(gitDir, ["read-tree", "HEAD"]);
    if (claims !== undefined) {
      mkdirSync(join(gitDir, "refs", "replace"), { recursive: true });
      writeFileSync(join(gitDir, "refs", "replace", claims), `${commit}\n`);
      writeFileSync(join(gitDir, "HEAD"), `${claims}\n`); // git makes no reference to what it does not have
    }
    const root = "workspace/repo";
    const folders = new Set(files.map(({ path }) => dirname(path)).filter((path) => path !== "."));
    const worktree = [
      { path: root, type: "directory" as const },
      ...[...folders].map((path): Entry => ({ path: `${root}/${path}`, type: "directory" })),
      ...files.map(
        ({ path, mode, bytes }): Entry => ({ path: `${root}/${path}`, type: "file", mode, bytes }),
      ),
    ];
    return { commit: claims ?? commit, entries: [...worktree, ...read(gitDir, `${root}/.git`)] };
  });
}

/** A folder of the disk as entries of a layer, in an order that does not depend on the disk. */
function read(folder: string, path: string): Entry[] {
  const names = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const inside = names.flatMap((entry): Entry[] => {
    const [from, to] = [join(folder, entry.name), `${path}/${entry.name}`];
    return entry.isDirectory() ? read(from, to) : [{ path: to, type: "file", bytes: readFileSync(from) }];
  });
  return [{ path, type: "directory" }, ...inside];
}
