import { environmentFor } from "../../lib/environment.ts";
import { findOnPath } from "../../lib/find-program.ts";
import { answerOf } from "../../lib/run.ts";
import { blocker, type Finding, ok, warning } from "../finding.ts";

/** The git of this machine. */
export interface Git {
  readonly file: string;
  /** As it tells itself; undefined where it was not run. */
  readonly version?: string;
}

/** Finds git on PATH, and runs it where its version is wanted. One that does not run is none. */
export async function findGit(wantsVersion: boolean, path: string | undefined): Promise<Git | undefined> {
  const file = findOnPath("git", path);
  if (file === undefined || !wantsVersion) return file === undefined ? undefined : { file };
  const said = await answerOf(file, ["--version"], { env: environmentFor("git"), timeoutSeconds: 10 });
  return said === undefined ? undefined : { file, version: said.split("\n")[0] ?? "" };
}

/** Whether there is a git for the checkout at `checkout`, which is cloned where it is not there. */
export function gitFinding(git: Git | undefined, checkout: string, isThere: boolean): Finding {
  if (git !== undefined) return ok("git", `${git.version ?? "git"} (${git.file})`);
  const remedy = { advice: "install git (Debian, Ubuntu: apt-get install git)" };
  return isThere
    ? warning("git", `there is no git that runs, and ${checkout} cannot be read or moved without one`, remedy)
    : blocker(
        "git",
        `there is no git that runs, which an update needs to clone CooperBench into ${checkout}`,
        remedy,
      );
}
