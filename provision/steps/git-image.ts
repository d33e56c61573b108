import { Problem } from "../../lib/problem.ts";
import { loadGitModule } from "./git-module.ts";
import { lastLineOf, runVenvPython } from "./venv-python.ts";

/** The git server's image, as it is to be. */
export interface GitImage {
  /** Folder of the checkout, with its `.venv`. */
  readonly folder: string;
  /** Its reference, which must be the one that CooperBench looks for. */
  readonly image: string;
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

// As the package itself does it on a run's first use of git: its own Dockerfile, its own client.
const build = `${loadGitModule}
import io, json
if servers._IMAGE_TAG != sys.argv[1]:
    sys.exit(f"this CooperBench looks for {servers._IMAGE_TAG}, this program knows {sys.argv[1]}")
client = docker.from_env(timeout=${buildSeconds})
try:
    image, built = client.images.get(servers._IMAGE_TAG), False
except docker.errors.ImageNotFound:
    try:
        image, _ = client.images.build(fileobj=io.BytesIO(servers._DOCKERFILE), tag=servers._IMAGE_TAG, rm=True, forcerm=True)
        built = True
    except docker.errors.BuildError as error:
        log = "".join(line.get("stream", line.get("error", "")) for line in error.build_log)
        sys.exit(f"{error}\\n{log[-2000:]}")
print(json.dumps({"imageId": image.id, "built": built}))
`;

/**
 * Finds the git server's image, or builds it by CooperBench's own package.
 *
 * @throws a Problem with the end of the build's log.
 */
export async function ensureGitImage({ folder, image }: GitImage): Promise<GitImageResult> {
  const options = { timeoutSeconds: buildSeconds };
  const { code, stdout, stderr } = await runVenvPython(folder, ["-c", build, image], options);
  if (code === 0) return lastLineOf(stdout);
  throw new Problem(
    `cannot build ${image}: ${stderr.trim() || `the build did not end within ${buildSeconds} s`}\n` +
      "The build installs git with apt-get: containers of this engine must reach Debian's servers. " +
      "Or load the image from a machine that has it: docker save there, docker load here.",
  );
}
