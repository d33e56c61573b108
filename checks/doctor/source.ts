import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environmentFor } from "../../lib/environment.ts";
import { machine } from "../../lib/remedy.ts";
import { run } from "../../lib/run.ts";
import { commitOfTag } from "../../provision/steps/checkout/release.ts";
import { blocker, type Finding, ok } from "../finding.ts";

/** What is asked of a repository before it is cloned. */
export interface Source {
  /** As `git clone` takes it. */
  readonly repository: string;
  /** Commit, 40 hex digits; empty for that of the version. */
  readonly commit: string;
  /** Version of CooperBench, such as 0.0.29. */
  readonly version: string;
}

/** What the repository answered. */
export type SourceAnswer = "there" | { readonly unreachable: string } | "no-such-commit" | "no-tag";

/** Seconds that a repository may take to answer. */
const patience = 30;

/**
 * Asks a repository for a commit, by what costs least: its refs, and for a commit that none of them is at, that one
 * commit without its history. A server that gives out no commit but those of refs may have it. For a version, whether it
 * has its tag.
 */
export async function askSource({ repository, commit, version }: Source): Promise<SourceAnswer> {
  const listed = await git(["ls-remote", "--", repository]);
  if (listed.code !== 0) return { unreachable: reason(listed) };
  if (commit === "") return commitOfTag(listed.stdout, version) === undefined ? "no-tag" : "there";
  if (listed.stdout.split("\n").some((line) => line.startsWith(`${commit}\t`))) return "there";
  const folder = await mkdtemp(join(tmpdir(), "cooperbench-machine-source-"));
  try {
    await git(["init", "--quiet", "--bare", folder]);
    const wanted = [
      "fetch",
      "--quiet",
      "--no-tags",
      "--depth=1",
      "--filter=tree:0",
      "--",
      repository,
      commit,
    ];
    const { code, stderr } = await git(["-C", folder, ...wanted]);
    return code !== 0 && /not our ref|no such remote ref|couldn't find remote ref/i.test(stderr)
      ? "no-such-commit"
      : "there";
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Whether the checkout can be made from its repository.
 *
 * @param answer undefined where it need not be asked.
 */
export function sourceFinding(
  { repository, commit, version }: Source,
  answer: SourceAnswer | undefined,
  stack: string,
): Finding {
  if (answer === undefined)
    return ok("source", "not asked: the checkout is there, or its repository has yet to be made");
  if (answer === "there") return ok("source", `${repository} answers`);
  if (answer === "no-tag")
    return ok(
      "source",
      `${repository} answers; it has no tag v${version}, so an update finds the commit by the files of that release`,
    );
  if (answer === "no-such-commit")
    return blocker(
      "source",
      `${repository} has no commit ${commit}, which the setting cooperbenchCommit names`,
      { ...machine("set", stack, "cooperbenchCommit", "COMMIT"), when: "to use one that it has" },
    );
  return blocker(
    "source",
    `${repository}, from which CooperBench is cloned, does not answer: ${answer.unreachable}`,
    {
      ...machine("set", stack, "cooperbenchRepository", "URL"),
      when: "if this machine cannot reach it, to name another repository that has the commit",
    },
  );
}

/** Whether a repository is a folder of this machine that is not there. */
export function isMissingFolder(repository: string): boolean {
  const path = repository.replace(/^file:\/\//, "");
  return path.startsWith("/") && !existsSync(path);
}

function git(args: readonly string[]) {
  return run("git", args, { env: environmentFor("git-remote"), timeoutSeconds: patience });
}

function reason({ stderr, timedOut }: Awaited<ReturnType<typeof git>>): string {
  if (timedOut) return `no answer within ${patience} s`;
  const lines = stderr.trim().split("\n");
  return (lines.find((line) => /^(fatal|error|ssh):/.test(line)) ?? lines[0] ?? "").replace(/^fatal: /, "");
}
