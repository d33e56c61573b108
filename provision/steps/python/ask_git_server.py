"""Clones, commits and pushes as agents do: by the server's name, from a container in its network.

Arguments: the name of that container, and its labels in JSON. The repository is made and removed by CooperBench's own
package; what that would make where it lacks something must be there before. Standard output, last line: the answer.
"""

import json
import sys
import uuid

from git_servers import docker, servers

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
    sys.exit(
        "docker exec does not enter containers here, but the machine itself, as where the engine runs in a chroot"
    )
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
        servers._IMAGE_TAG,
        ["-c", script, repository.url],
        entrypoint="/bin/bash",
        name=name,
        labels=labels,
        network=repository.network_name,
        remove=True,
        stderr=False,
    )
except docker.errors.ContainerError as error:
    sys.exit(
        f"clone, commit and push of {repository.url} ended with {error.exit_status}: {error.stderr.decode()}"
    )
finally:
    repository.cleanup()
url = repository.url.rsplit("/", 2)[0]
print(json.dumps({"git": url, "gitVersion": said.decode().strip().removeprefix("git version ")}))
