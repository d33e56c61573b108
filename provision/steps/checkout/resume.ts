import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entryAt } from "../../../lib/files.ts";
import type { Owner } from "../../ownership/owner.ts";
import { git, gitBytes, gitList, gitRun, gitText, headOf } from "./git.ts";
import { clearLocks } from "./locks.ts";
import type { Move } from "./marker.ts";
import { isKept, notLitter } from "./work-files.ts";

/**
 * Brings the files, the index and HEAD of a checkout to the second commit of a move that was cut off, where all that is
 * there is the move's.
 *
 * @returns what is not, in which case nothing is changed.
 */
export async function completeFiles(folder: string, move: Move, owner: Owner): Promise<readonly string[]> {
  await clearLocks(folder);
  const head = await headOf(folder);
  if (head !== move.from && head !== move.to) return [`HEAD at ${head}`];
  const others = [...(await stagedOthers(folder, move)), ...(await fileOthers(folder, move, owner))];
  if (others.length > 0) return [...new Set(others)];
  // Files that git does not know here yet are the second commit's: this was just seen.
  await git(folder, "checkout", "--quiet", "--force", "--detach", move.to);
  return [];
}

/** git replaces the index at once: it is one commit's or the other's, or somebody has staged something. */
async function stagedOthers(folder: string, { from, to }: Move): Promise<readonly string[]> {
  const [first = [], second = []] = await Promise.all(
    [from, to].map((commit) => gitList(folder, ["diff-index", "--cached", "--name-only", "-z", commit])),
  );
  if (first.length === 0 || second.length === 0) return [];
  const ofNeither = second.filter((path) => first.includes(path));
  return ofNeither.length > 0 ? ofNeither : second;
}

async function fileOthers(folder: string, { from, to }: Move, owner: Owner): Promise<readonly string[]> {
  const [first, second] = [await compare(folder, from), await compare(folder, to)];
  const others: string[] = [];
  for (const path of new Set([...first.changed, ...second.changed])) {
    const isFirsts = first.tracked.has(path) && !first.changed.has(path);
    const isSeconds = second.tracked.has(path) && !second.changed.has(path);
    if (isFirsts || isSeconds || !isThere(folder, path)) continue;
    if (!second.tracked.has(path) || !(await isBeginning(folder, path, to))) others.push(path);
  }
  const unknown = second.unknown.filter(
    (path) => first.unknown.includes(path) && !isKept(folder, path, owner),
  );
  return [...others, ...unknown.flatMap((path) => notLitter(folder, path))];
}

/** The files of a checkout beside those of a commit, whatever the index says. */
async function compare(folder: string, commit: string) {
  const temporary = mkdtempSync(join(tmpdir(), "cooperbench-machine-index-"));
  try {
    const env = { GIT_INDEX_FILE: join(temporary, "index") };
    await gitText(folder, ["read-tree", commit], { env });
    await gitRun(folder, ["update-index", "-q", "--refresh"], { env }); // fails where a file is changed
    const [tracked, changed, unknown] = await Promise.all([
      gitList(folder, ["ls-files", "-z"], { env }),
      gitList(folder, ["diff-files", "--name-only", "-z"], { env }),
      gitList(folder, ["ls-files", "--others", "--exclude-standard", "-z"], { env }),
    ]);
    return { tracked: new Set(tracked), changed: new Set(changed), unknown };
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** Whether there is a file; those of a folder that is in its place are looked at on their own. */
function isThere(folder: string, path: string): boolean {
  const found = entryAt(join(folder, path));
  return found !== undefined && !found.isDirectory();
}

/** Whether a file is the beginning of what a commit has: git was ended as it wrote it. */
async function isBeginning(folder: string, path: string, commit: string): Promise<boolean> {
  const file = join(folder, path);
  if (!entryAt(file)?.isFile()) return false;
  const [written, whole] = [
    readFileSync(file),
    await gitBytes(folder, "cat-file", "--filters", `${commit}:${path}`),
  ];
  return whole.subarray(0, written.length).equals(written);
}
