"""What CooperBench itself makes of images: its agent's environment and connector, and its evaluation, with gold patches.

The current folder is a checkout. Standard input: {"images": [IMAGE], "repo", "taskId", "baseCommit"}. Standard output: a
line {"image", "agent", "solo", "merged"} for each, each a fault or null. Only what takes long is made shorter: its containers
are removed and not stopped first, and what never ends is killed after 20 s.
"""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cooperbench.eval.backends.docker as backend
import cooperbench.eval.sandbox as sandbox
import docker
from cooperbench.agents.mini_swe_agent_v2.connectors.git import GitConnector
from cooperbench.agents.mini_swe_agent_v2.environments.docker import DockerEnvironment

PATIENCE_SECONDS = 20
request = json.load(sys.stdin)
repo, task = request["repo"], request["taskId"]
folder = Path("dataset") / repo / f"task{task}"
golds = [(folder / f"feature{number}" / "feature.patch").read_text() for number in (1, 2)]
current = threading.local()


def exec_that_ends(self, *args):
    timer = threading.Timer(PATIENCE_SECONDS, lambda: self._container.kill())
    timer.start()
    try:
        return exec_as_it_is(self, *args)
    finally:
        timer.cancel()


exec_as_it_is = backend.DockerSandbox.exec
backend.DockerSandbox.exec = exec_that_ends
backend.DockerSandbox.terminate = lambda self: self._container.remove(force=True, v=True)
DockerEnvironment.cleanup = lambda self: (
    getattr(self, "container_id", None)
    and subprocess.run([self.config.executable, "rm", "-f", "-v", self.container_id], capture_output=True)
)
sandbox.get_image_name = lambda *_: current.image


def words(error):
    return f"{type(error).__name__}: {getattr(error, 'stderr', None) or error}"[-300:]


def agent(image):
    """An agent that begins as each does, commits a file, publishes it, and is graded by it."""
    environment = None
    try:
        environment = DockerEnvironment(image=image, cwd="/workspace/repo", timeout=PATIENCE_SECONDS)
        connector = GitConnector("agent1", ["agent1"], "")
        connector.setup(environment)
        if connector._base_sha != request["baseCommit"]:
            return f"it is at {connector._base_sha!r}"
        work = "echo work >work.txt && git add work.txt && git commit -qm work && git push -q origin agent1"
        done = environment.execute({"command": work})
        if done["returncode"] != 0:
            return done["output"]
        patch = connector.submitted_patch(environment)
        files = [line for line in patch.splitlines() if line.startswith("diff --git")]
        return None if files == ["diff --git a/work.txt b/work.txt"] else f"its patch is of {files}"
    except Exception as error:
        return words(error)
    finally:
        if environment is not None:
            environment.cleanup()
            environment.container_id = None


def solo():
    try:
        result = sandbox.test_solo(repo, task, 1, 2, patch=golds[0])
        return None if result["feature1"]["passed"] else str(result["error"] or result["feature1"]["test_output"])[-300:]
    except Exception as error:
        return words(error)


def merged():
    try:
        result = sandbox.test_merged(repo, task, 1, 2, patch1=golds[0], patch2=golds[1])
        return None if result["both_passed"] else str(result["error"] or result)[-300:]
    except Exception as error:
        return words(error)


def judge(image):
    current.image = image
    return {"image": image, "agent": agent(image), "solo": solo(), "merged": merged()}


client = docker.from_env()
before = {container["Id"] for container in client.api.containers(all=True)}
with ThreadPoolExecutor(2) as pool:
    verdicts = list(pool.map(judge, request["images"]))
for container in client.api.containers(all=True):  # those that could not be started, which it leaves
    if container["Id"] not in before:
        client.api.remove_container(container["Id"], force=True, v=True)
print()  # its loggers print on the same stream
for verdict in verdicts:
    print(json.dumps(verdict))
