"""Makes folders of runs by CooperBench's own code, from a table on standard input: the runs of one test, in one process.

The runner, the default agent, its messages, the exceptions of litellm and redis, the evaluation and every file that is
written are CooperBench's. Imitated are the model (what it says stands in the table), the engine's answers (what
`docker run` and `docker exec` give), the agent's git set-up and patch, and the sandbox of an evaluation.
"""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

os.environ["MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT"] = "1"

import litellm
from cooperbench.agents.mini_swe_agent_v2 import adapter
from cooperbench.agents.mini_swe_agent_v2.environments import docker as environment
from cooperbench.agents.mini_swe_agent_v2.models import litellm_model
from cooperbench.agents.registry import _REGISTRY
from cooperbench.eval.backends.docker import DockerExecResult
from litellm.llms.cohere.common_utils import CohereError

evaluate = import_module("cooperbench.eval.evaluate")
sandbox = import_module("cooperbench.eval.sandbox")
core, coop, solo = (import_module(f"cooperbench.runner.{name}") for name in ("core", "coop", "solo"))

CONTAINER = "c0ffee" + "0" * 58
agent = {}  # what the table has of the agent that runs: one thread at a time


def refusal(status, text):
    """What litellm makes of an answer of Cohere's API."""
    error = CohereError(status_code=status, message=json.dumps({"message": text}))
    try:
        litellm.exception_type(model="command-a-03-2025", original_exception=error, custom_llm_provider="cohere_chat")
    except Exception as mapped:
        return mapped
    return error


def query(self, messages, **kwargs):
    says = agent["says"].pop(0) if agent.get("says") else agent.get("goes_on", "true")
    if isinstance(says, dict):
        if "status" in says:
            raise refusal(says["status"], says["text"])
        module, name = says["throws"].rsplit(".", 1)
        kind = getattr(import_module(module), name)
        if module.startswith("litellm"):
            raise kind(message=says["text"], model="command-a-03-2025", llm_provider="cohere_chat")
        raise kind(says["text"])
    call = {"id": f"call_{len(messages)}", "type": "function"}
    call["function"] = {"name": "bash", "arguments": json.dumps({"command": says})}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return litellm.ModelResponse(choices=[{"message": message, "finish_reason": "tool_calls"}])


def docker(command, **kwargs):
    if command[1] == "run":
        start = agent.get("start", {})
        if start.get("times_out"):
            raise subprocess.TimeoutExpired(command, kwargs["timeout"])
        if start.get("missing"):
            raise FileNotFoundError(2, "No such file or directory", "docker")
        if start.get("code"):
            raise subprocess.CalledProcessError(start["code"], command)
        return subprocess.CompletedProcess(command, 0, CONTAINER + "\n", "")
    said = command[-1]
    if said.startswith("echo COMPLETE_TASK"):
        return subprocess.CompletedProcess(command, 0, "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT\n")
    for text, (code, output) in agent.get("answers", {}).items():
        if text in said:
            return subprocess.CompletedProcess(command, code, output.replace("CONTAINER", CONTAINER))
    return subprocess.CompletedProcess(command, 0, "")


class Docker:
    """The module that the agent's environment starts docker with."""

    PIPE, STDOUT, DEVNULL = subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL
    run = staticmethod(docker)

    @staticmethod
    def Popen(*args, **kwargs):
        return None


class GitConnector:
    def __init__(self, **kwargs):
        pass

    def setup(self, env):
        pass

    def submitted_patch(self, env):
        name = agent["name"]
        return agent.get("patch", f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-a\n+b\n")


class Agents:
    """Runs one agent after another, each as the table has it."""

    def __init__(self, runner, table):
        self.runner, self.table = runner, table

    def run(self, **kwargs):
        global agent
        which = 0 if kwargs["agent_id"] == "solo" else int(kwargs["agent_id"].replace("agent", "")) - 1
        agent = {"name": kwargs["agent_id"], **json.loads(json.dumps(self.table[which]))}
        if agent.get("framework_result"):
            from cooperbench.agents import AgentResult

            return AgentResult(patch="", **agent["framework_result"])
        return self.runner.run(**kwargs)


class Sandbox:
    """A container of an evaluation: what the runner does in it stands in the table."""

    def __init__(self, table):
        self.table = table

    def exec(self, *args):
        text = args[-1]
        if "base64 -d" in text:
            fails = self.table.get("too_long") and len(text) > 131072
            return DockerExecResult(126 if fails else 0, b"")
        if "SETUP_COMPLETE" in text:
            applied = self.table.get("applied", ["APPLIED", "APPLIED"])
            said = f"BASE_SHA={'b' * 40}\nPATCH1_{applied[0]}\nPATCH2_{applied[1]}\nSETUP_COMPLETE\n"
            return DockerExecResult(0, said.encode())
        if "MERGE_STATUS" in text:
            return DockerExecResult(0, f"MERGE_STATUS={self.table.get('merge', 'clean')}\n".encode())
        for at, (code, output) in enumerate(self.table.get("tests", []), 1):
            if f"runner.sh tests{at}.patch" in text:
                return DockerExecResult(code, output.encode())
        if "rev-parse HEAD" in text:
            return DockerExecResult(0, b"" if self.table.get("no_base") else b"b" * 40)
        return DockerExecResult(0, b"")

    def terminate(self):
        pass


class Backend:
    def __init__(self, table):
        self.table = table

    def create_sandbox(self, image, timeout):
        return Sandbox(self.table)


litellm_model.LitellmModel._query = query
environment.subprocess = Docker
adapter.GitConnector = GitConnector


class InTurn:
    """Threads that run when they are joined: the table's agents share this process's one engine."""

    def __init__(self, target, args=()):
        self.target, self.args = target, args

    def start(self):
        self.target(*self.args)

    def join(self):
        pass


class Threading:
    Thread = InTurn


coop.threading = Threading


def make(root, run):
    repo, task, features = run["repo"], run["task"], run["features"]
    dataset, logs = Path(root) / "dataset", Path(root) / "logs"
    for feature in features:
        folder = dataset / repo / f"task{task}" / f"feature{feature}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "feature.md").write_text("a feature")
        (folder / "tests.patch").write_text("diff --git a/t b/t\n")
    setting, framework, model = run["setting"], run["framework"], run["model"]
    (logs / run["name"]).mkdir(parents=True, exist_ok=True)
    core._save_config(logs / run["name"], run["name"], framework, model, setting, 4, run["wanted"])
    for turn in run["tries"]:
        runner = _REGISTRY.get(framework, _REGISTRY["mini_swe_agent_v2"])()
        for module in (solo, coop):
            module.get_runner = lambda name: Agents(runner, turn["agents"])
        sandbox.get_backend = lambda name: Backend(turn.get("evaluation", {}))
        options = {"agent_name": framework, "model_name": model, "quiet": True, "dataset_dir": dataset, "logs_dir": logs}
        if setting == "solo":
            result = solo.execute_solo(repo, task, features, run["name"], **options)
        else:
            messages = {"messaging_enabled": "redis" in turn, "redis_url": turn.get("redis", "")}
            result = coop.execute_coop(repo, task, features, run["name"], **messages, **options)
        if "evaluation" in turn:
            info = core._build_run_info(result, {"repo": repo, "task_id": task, "features": features}, setting, run["name"])
            evaluate._evaluate_single(info, dataset_dir=dataset)


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    for run in asked.get("runs", []):
        make(asked["root"], run)
    print(json.dumps([sandbox._parse_results(output) for output in asked.get("outputs", [])]))
