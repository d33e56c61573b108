import { Problem } from "../../lib/problem.ts";
import { dockerAt } from "../engine/docker-command.ts";
import { lastLineOf, programAt, runVenvPython, venvPythonOptions } from "./venv-python.ts";

/** The git server's image, as it is to be. */
export interface GitImage {
  /** Folder of the checkout, with its `.venv`. */
  readonly folder: string;
  /** Its reference, which must be the one that CooperBench looks for. */
  readonly image: string;
  /** Docker engine that it is on, as in DOCKER_HOST. */
  readonly dockerHost: string;
}

/** What is there now. */
export interface GitImageResult {
  /** Id of the image on the engine. */
  readonly imageId: string;
  /** Whether it was built just now. */
  readonly built: boolean;
}

/** Seconds that a build may take: it installs git from Debian's servers. */
const buildSeconds = 900;

/**
 * Finds the git server's image, or builds it by CooperBench's own package.
 *
 * @throws a Problem with the end of the build's log.
 */
export async function ensureGitImage({ folder, image, dockerHost }: GitImage): Promise<GitImageResult> {
  const args = [programAt("build_git_image.py"), image, String(buildSeconds)];
  const options = { ...venvPythonOptions(folder, dockerHost), timeoutSeconds: buildSeconds };
  const { code, stdout, stderr } = await runVenvPython(folder, args, options);
  if (code === 0) return lastLineOf(stdout);
  throw new Problem(
    `cannot build ${image}: ${stderr.trim() || `the build did not end within ${buildSeconds} s`}`,
    [
      { advice: "let containers of this engine reach Debian's servers: the build installs git from there" },
      {
        command: dockerAt(dockerHost, "load", "--input", "FILE"),
        when: `with the output of docker save ${image} from a machine that has it`,
      },
    ],
  );
}
