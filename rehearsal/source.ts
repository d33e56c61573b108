import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Problem } from "../lib/problem.ts";
import { withScratch } from "./cache.ts";
import { commitFiles, git, type TreeFile } from "./git-history.ts";
import { fetchSdist, SDIST } from "./sdist.ts";
import { SOURCE_COMMIT } from "./source-commit.ts";
import { datasetFiles } from "./stand-in.ts";
import { readTasks, SUBSETS, subsetText } from "./tasks.ts";

/**
 * Makes DIR/CooperBench.git, a bare repository of one commit: the files of the sdist, as they are, and a
 * dataset of the stand-ins.
 * @returns whether it had to be made.
 * @throws Error when the commit is not SOURCE_COMMIT.
 */
export async function makeSource(dir: string, report: (line: string) => void): Promise<boolean> {
  const repository = join(dir, "CooperBench.git");
  if (existsSync(repository) && (await headOf(repository)) === SOURCE_COMMIT) return false;
  return withScratch(join(dir, "tmp"), async (work) => {
    const fresh = join(work, "CooperBench.git");
    const commit = await commitSource(fresh, report);
    if (commit !== SOURCE_COMMIT)
      throw new Problem(
        `the rehearsal's source is of commit ${commit}, not of ${SOURCE_COMMIT}: benchmark/ or rehearsal/ was changed`,
        {
          advice: "change SOURCE_COMMIT in rehearsal/source-commit.ts as well, and the settings that pin it",
        },
      );
    rmSync(repository, { recursive: true, force: true });
    renameSync(fresh, repository);
    return true;
  });
}

/** Makes a bare repository of the one commit, and gives that. */
export async function commitSource(repository: string, report: (line: string) => void): Promise<string> {
  const files = [...(await sdistFiles(await fetchSdist(report))), ...dataset()];
  return commitFiles(repository, files, `CooperBench ${SDIST.version} with the rehearsal's dataset`, true);
}

/** The commit of `main`, or undefined when there is none that can be read with all it holds. */
async function headOf(repository: string): Promise<string | undefined> {
  try {
    await git(repository, ["fsck", "--connectivity-only", "--no-dangling"]);
    return (await git(repository, ["rev-parse", "refs/heads/main"])).trim();
  } catch {
    return undefined; // Half made or damaged: it is made anew.
  }
}

function dataset(): TreeFile[] {
  const subsets = SUBSETS.map(
    (name): TreeFile => ({
      path: `dataset/subsets/${name}.json`,
      mode: 0o644,
      bytes: Buffer.from(subsetText(name)),
    }),
  );
  return [...subsets, ...readTasks().flatMap(datasetFiles)];
}

/** The regular files of an sdist, without its top folder. */
async function sdistFiles(sdist: Buffer): Promise<TreeFile[]> {
  const { extract } = await import("tar-stream");
  const archive = extract();
  const files: TreeFile[] = [];
  archive.end(await promisify(gunzip)(sdist));
  for await (const entry of archive) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { name, type, mode = 0o644 } = entry.header;
    if (type === "directory") continue;
    if (type !== "file") throw new Error(`the sdist holds ${name}, a ${type} and no file`);
    const path = name.split("/").slice(1).join("/");
    files.push({ path, mode: (mode & 0o100) === 0 ? 0o644 : 0o755, bytes: Buffer.concat(chunks) });
  }
  return files;
}
