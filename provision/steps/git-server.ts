import { Problem } from "../../lib/problem.ts";
import { engineAt } from "../engine/client.ts";
import { gitNames } from "../engine/service-names.ts";
import { temporaryName } from "../ownership/temporary.ts";
import { logsFirst } from "../remedies.ts";
import { labelsOf, runWithContainer } from "./container.ts";
import { probeLabel } from "./probe.ts";
import { lastLineOf, programAt, venvPython, venvPythonOptions } from "./venv-python.ts";

/** The git server, which must show that it serves. */
export interface GitQuestion {
  /** Folder of the checkout, with its `.venv`. */
  readonly folder: string;
  /** What the name of the temporary container that the client runs in begins with. */
  readonly container: string;
  /** The stack that it is of, as `stackIdentity` has it. */
  readonly stack: string;
  /** Docker engine that runs the server, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Ends it, its container and its repository removed. Default: never. */
  readonly abort?: AbortSignal;
}

/** What it has shown. */
export interface GitResult {
  /** Where agents find it, from within its network. */
  readonly git: string;
  /** Version of git there. */
  readonly gitVersion: string;
}

/** Time limit, in seconds: a container takes one or two, on a busy engine more. */
const timeoutSeconds = 180;

/**
 * Clones, commits and pushes from a container in the server's network, to a repository that is removed afterwards.
 *
 * @throws a Problem with what failed and what to do.
 */
export async function verifyGit(server: GitQuestion): Promise<GitResult> {
  const { folder, dockerHost, stack, abort } = server;
  const container = { name: temporaryName(server.container), label: probeLabel, stack };
  const args = [programAt("ask_git_server.py"), container.name, JSON.stringify(labelsOf(container))];
  const engine = engineAt(dockerHost);
  const options = { ...venvPythonOptions(folder, dockerHost), engine, container, timeoutSeconds, abort };
  const { code, stdout, stderr, timedOut } = await runWithContainer(venvPython(folder), args, options);
  if (code === 0) return lastLineOf(stdout);
  const fault = timedOut ? `its client did not end within ${timeoutSeconds} s` : stderr.trim();
  throw new Problem(`the git server does not serve: ${fault}`, logsFirst(dockerHost, gitNames.container));
}
