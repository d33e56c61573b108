import { environmentFor } from "../lib/environment.ts";
import { output } from "../lib/run.ts";

/** A file of a git tree or of an image. */
export interface TreeFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  readonly bytes: Buffer;
}

/** Every commit is by the same author at the same moment, so that its id is the same on every machine. */
const AUTHOR = "CooperBench rehearsal <rehearsal@localhost>";
const MOMENT = "1735689600 +0000";

/**
 * Makes a git repository of one commit on `main`.
 * @param gitDir where its objects go; made new.
 * @returns the commit's id.
 */
export async function commitFiles(
  gitDir: string,
  files: readonly TreeFile[],
  message: string,
  bare: boolean,
): Promise<string> {
  // An empty template: no sample hooks, and nothing that differs from one version of git to the next.
  await git(gitDir, ["init", "-q", "--bare", "--template="]);
  if (!bare) await git(gitDir, ["config", "core.bare", "false"]);
  await git(gitDir, ["fast-import", "--quiet"], importStream(files, message));
  await git(gitDir, ["symbolic-ref", "HEAD", "refs/heads/main"]);
  return (await git(gitDir, ["rev-parse", "refs/heads/main"])).trim();
}

/** Runs git on a repository, heedless of the user's settings and of a git that called us. */
export function git(gitDir: string, args: readonly string[], input?: Buffer): Promise<string> {
  return output("git", [`--git-dir=${gitDir}`, "-c", "core.logAllRefUpdates=false", ...args], {
    env: environmentFor("git"),
    ...(input && { input }),
  });
}

/** The commit as git fast-import reads it. */
function importStream(files: readonly TreeFile[], message: string): Buffer {
  const parts: (string | Buffer)[] = [
    `commit refs/heads/main\ncommitter ${AUTHOR} ${MOMENT}\n`,
    `data ${Buffer.byteLength(message)}\n${message}\n`,
  ];
  for (const { path, mode, bytes } of files) {
    if (/["\n]/.test(path)) throw new Error(`cannot commit a file of the name ${JSON.stringify(path)}`);
    parts.push(`M 100${mode.toString(8)} inline ${path}\ndata ${bytes.length}\n`, bytes, "\n");
  }
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
}
