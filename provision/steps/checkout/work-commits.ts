import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gitText, headOf } from "./git.ts";
import type { CheckoutMarker } from "./marker.ts";
import { type Ref, refsOf } from "./refs.ts";

const isRemotes = ({ name }: Ref) => name.startsWith("refs/remotes/");
const isCloned = ({ name, object }: Ref, { tags }: CheckoutMarker) => tags?.[name] === object;

/**
 * The commits that the user alone has: any ref but a remote's holds them, or nothing but the record of what a ref has
 * been at. Named by the refs that are at them.
 */
export async function ownCommits(
  folder: string,
  marker: CheckoutMarker,
): Promise<{ stashes: readonly string[]; commits: readonly string[] }> {
  const refs = await refsOf(folder);
  const foreign = [
    marker.commit,
    ...(marker.past ?? []),
    ...refs.filter((ref) => isRemotes(ref) || isCloned(ref, marker)).map(({ object }) => object),
    ...remoteRecords(join(folder, ".git", "logs", "refs", "remotes")),
  ];
  const text = await gitText(
    folder,
    ["rev-list", "--ignore-missing", "--all", "--reflog", "HEAD", "--stdin"],
    { input: foreign.map((commit) => `^${commit}\n`).join("") },
  );
  const own = new Set(text.split("\n").filter((commit) => commit !== ""));

  const holders = refs.filter(
    (ref) =>
      !isRemotes(ref) && !isCloned(ref, marker) && (own.has(ref.target) || !/^(commit|)$/.test(ref.kind)),
  );
  const stashes = holders.filter(({ name }) => name === "refs/stash").map(({ name }) => name);
  const names = holders.filter(({ name }) => name !== "refs/stash").map(({ name }) => name);
  if (own.has(await headOf(folder))) names.unshift("HEAD");
  if (names.length === 0 && stashes.length === 0)
    names.push(...[...own].map((commit) => commit.slice(0, 12)));
  return { stashes, commits: names };
}

/** Tags with a text of the user's own, on whatever they are. */
export async function ownTags(folder: string, marker: CheckoutMarker): Promise<readonly string[]> {
  if (marker.tags === undefined) return []; // which tags came with the clone is not known
  const refs = await refsOf(folder, "refs/tags");
  return refs.filter((ref) => ref.isAnnotated && !isCloned(ref, marker)).map(({ name }) => name);
}

/** What a remote's refs have been at: upstream's commits, though it may have dropped them since. */
function remoteRecords(folder: string): readonly string[] {
  let files: readonly string[];
  try {
    files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return []; // no remote's ref has a record
  }
  const commits = files.flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line) => line.split(" ", 2)),
  );
  return [...new Set(commits)].filter((commit) => /^[0-9a-f]{40,64}$/.test(commit) && !/^0+$/.test(commit));
}
