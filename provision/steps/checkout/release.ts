/** Which commit a version of CooperBench is: its tag, and where it has none, the commit that its release was made from. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { environmentFor } from "../../../lib/environment.ts";
import { foundOf, Problem } from "../../../lib/problem.ts";
import { machine } from "../../../lib/remedy.ts";
import { run } from "../../../lib/run.ts";
import type { Owner } from "../../ownership/owner.ts";
import { stackIdentity, withTemporaryFolder } from "../../ownership/temporary.ts";
import { git, gitList, gitNetwork, gitText } from "./git.ts";

/**
 * The commit of a version in a repository: that of the tag of its name, else, of the commits on the default branch that
 * hold every file of the release's package byte for byte, the last that is not younger than the release. Where a
 * rewritten history has made them all younger, it is the first of them.
 *
 * @throws a Problem where there is none, or the repository or the package index does not answer.
 */
export async function commitOfVersion(
  { repository, version, owner }: { repository: string; version: string; owner: Owner },
  report: (line: string) => void,
): Promise<string> {
  const tagged = commitOfTag(await gitNetwork("ls-remote", "--tags", "--", repository), version);
  if (tagged !== undefined) return tagged;
  const refuse = (why: string) =>
    new Problem(`${repository} has no tag v${version}, and ${why}`, [
      {
        ...machine("set", owner.stack, "cooperbenchCommit", "COMMIT"),
        when: "to name the commit of that version",
      },
      { ...machine("set", owner.stack, "cooperbenchVersion", "VERSION"), when: "to use another version" },
    ]);
  report(`${repository} has no tag v${version}: looking for the commit that its release was made from`);
  return withTemporaryFolder(stackIdentity(owner), async (scratch) => {
    const [release, history] = [join(scratch, "release"), join(scratch, "history")];
    const releasedAt = await fetchRelease(version, release).catch((error: Error) => {
      throw refuse(`its release cannot be fetched: ${foundOf(error)}`);
    });
    // Names of files alone, no contents: those are compared by their ids.
    const what = ["--quiet", "--bare", "--single-branch", "--no-tags", "--filter=blob:none", "--template="];
    await gitNetwork("clone", ...what, "--", repository, history);
    const commit = await commitOfRelease(history, await blobsOf(release, history), releasedAt);
    if (commit === undefined) throw refuse("no commit of its default branch holds the files of its release");
    return commit;
  });
}

/** The commit that a repository's tag of a version is at, by what `git ls-remote --tags` prints; undefined for none. */
export function commitOfTag(listed: string, version: string): string | undefined {
  const refs = new Map(listed.split("\n").map((line) => line.split("\t").reverse() as [string, string]));
  // Of a tag with a text of its own, ^{} is what it is on.
  const names = [`v${version}`, version].flatMap((tag) => [`refs/tags/${tag}^{}`, `refs/tags/${tag}`]);
  return names.map((name) => refs.get(name)).find((commit) => commit !== undefined);
}

/** Has uv unpack a release, which knows the user's index. Gives the Unix time of the release; undefined where the index has none. */
async function fetchRelease(version: string, folder: string): Promise<number | undefined> {
  const requirement = `cooperbench==${version}`;
  const ask = async (args: readonly string[], input?: string) => {
    const { code, stdout, stderr, ending } = await run("uv", args, {
      env: environmentFor("uv"),
      ...(input !== undefined && { input }),
    });
    if (code !== 0) throw new Error((stderr || stdout || ending).trim().slice(-1000));
    return stdout;
  };
  // Whatever Python is here: nothing is run with it.
  const python = ["--python-version", "3.12", "--no-deps"];
  await ask(["pip", "install", "--quiet", "--no-compile", ...python, "--target", folder, requirement]);
  const compile = ["pip", "compile", "--quiet", "--no-header", ...python, "--format", "pylock.toml", "-"];
  const times = [...(await ask(compile, `${requirement}\n`)).matchAll(/upload-time = "?([\dT:.-]+Z)/g)];
  const seconds = times.map(([, time = ""]) => Date.parse(time) / 1000);
  return seconds.length > 0 ? Math.min(...seconds) : undefined;
}

/** The ids that git has for a release's files, by their path in the source. */
async function blobsOf(release: string, repository: string): Promise<ReadonlyMap<string, string>> {
  const folder = join(release, "cooperbench");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".pyc"))
    .map((entry) => join(entry.parentPath, entry.name));
  const input = files.map((file) => `${file}\n`).join("");
  const hashed = await gitText(repository, ["hash-object", "--no-filters", "--stdin-paths"], { input });
  const ids = hashed.trim().split("\n");
  return new Map(files.map((file, index) => [`src/${file.slice(release.length + 1)}`, ids[index] ?? ""]));
}

async function commitOfRelease(
  history: string,
  wanted: ReadonlyMap<string, string>,
  releasedAt: number | undefined,
): Promise<string | undefined> {
  const lines = (await git(history, "log", "--format=%H %ct", "HEAD")).split("\n");
  const commits = lines.map((line) => line.split(" ") as [string, string]);
  const isOlder = ([, time]: [string, string]) => releasedAt !== undefined && Number(time) <= releasedAt;
  // The last of the older ones, then the first of the younger.
  const candidates = [...commits.filter(isOlder), ...commits.filter((one) => !isOlder(one)).toReversed()];
  for (const [commit] of candidates) if (await holds(history, commit, wanted)) return commit;
  return undefined;
}

async function holds(history: string, commit: string, wanted: ReadonlyMap<string, string>): Promise<boolean> {
  const entries = await gitList(history, ["ls-tree", "-r", "-z", commit, "--", "src/cooperbench"]);
  const ids = new Map(
    entries.map((entry) => {
      const [meta = "", path = ""] = entry.split("\t");
      return [path, meta.split(" ")[2] ?? ""];
    }),
  );
  return [...wanted].every(([path, id]) => ids.get(path) === id);
}
