import { Problem } from "../../lib/problem.ts";
import { engineAt } from "../engine/client.ts";
import { dockerAt } from "../engine/docker-command.ts";
import { temporaryName } from "../ownership/temporary.ts";
import { labelsOf, runWithContainer } from "./container.ts";
import { loadGitModule } from "./git-module.ts";
import { probeLabel } from "./probe.ts";
import { lastLineOf, venvPython, venvPythonOptions } from "./venv-python.ts";

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

// The repository is made and removed by CooperBench's own package, and used as its agents do: by the server's name,
// from a container in its network. What the package would make where it lacks something must be there before.
const question = `${loadGitModule}
import json, uuid
name, labels = sys.argv[1], json.loads(sys.argv[2])
engine = docker.from_env()
try:
    server = engine.containers.get(servers._CONTAINER_NAME)
except docker.errors.NotFound:
    sys.exit(f"there is no container {servers._CONTAINER_NAME}")
if server.status != "running":
    sys.exit(f"the container {server.name} is {server.status}; start it: docker start {server.name}")
# What docker mounts there is the container's own name.
inside = server.exec_run(["cat", "/etc/hostname"]).output.decode().strip()
if inside != server.attrs["Config"]["Hostname"]:
    sys.exit("docker exec does not enter containers here, but the machine itself, as where the engine runs in a chroot")
script = """
set -e
cd /tmp
git clone -q "$0" one
cd one
git -c user.name=probe -c user.email=probe@localhost commit -q --allow-empty -m probe
git push -q origin HEAD:refs/heads/main
git clone -q -b main "$0" ../two
test "$(git rev-parse HEAD)" = "$(git -C ../two rev-parse HEAD)"
git --version
"""
repository = servers.DockerGitServer.create(run_id=f"cooperbench-machine-{uuid.uuid4()}")
try:
    said = engine.containers.run(
        servers._IMAGE_TAG, ["-c", script, repository.url], entrypoint="/bin/bash", name=name,
        labels=labels, network=repository.network_name, remove=True, stderr=False,
    )
except docker.errors.ContainerError as error:
    sys.exit(f"clone, commit and push of {repository.url} ended with {error.exit_status}: {error.stderr.decode()}")
finally:
    repository.cleanup()
url = repository.url.rsplit("/", 2)[0]
print(json.dumps({"git": url, "gitVersion": said.decode().strip().removeprefix("git version ")}))
`;

/**
 * Clones, commits and pushes from a container in the server's network, to a repository that is removed afterwards.
 *
 * @throws a Problem with what failed and what to do.
 */
export async function verifyGit(server: GitQuestion): Promise<GitResult> {
  const { folder, dockerHost, stack, abort } = server;
  const container = { name: temporaryName(server.container), label: probeLabel, stack };
  const args = ["-c", question, container.name, JSON.stringify(labelsOf(container))];
  const engine = engineAt(dockerHost);
  const options = { ...venvPythonOptions(folder), engine, container, timeoutSeconds, abort };
  const { code, stdout, stderr, timedOut } = await runWithContainer(venvPython(folder), args, options);
  if (code === 0) return lastLineOf(stdout);
  const fault = timedOut ? `its client did not end within ${timeoutSeconds} s` : stderr.trim();
  throw new Problem(
    `the git server does not serve: ${fault}. ` +
      `See what it says (${dockerAt(dockerHost)} logs cooperbench-git), and run the update again, ` +
      "which makes a new one where it does not run",
  );
}
