"""Evaluates gold patches by CooperBench's own evaluator, some features at a time.

Standard input: {"features": [FEATURE], "atOnce": N, "memoryBytes": N, "timeoutSeconds": N}, where FEATURE has the `image`,
the files `tests` and `gold`, and two `containers`, each with name and labels. Standard output: a line {"index": N, "started":
true} for each feature that begins, and a line with its result as it ends. SIGTERM, or the end of the process that has
started this one, removes all containers and ends it.
"""

import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# What is kept of all that a run has printed, from the end: CooperBench's parser has read the whole by then.
KEEP = 8000
# Above every limit that is asked for, so that the sandbox's own, which waits for what it has ended, never comes first.
SPARE_SECONDS = 3600

parent = os.getppid()
stopping = threading.Event()
printing = threading.Lock()
backends = set()


def tell(line):
    with printing:
        print(json.dumps(line), flush=True)


class Stopped(Exception):
    pass


class Sandbox:
    """A sandbox of CooperBench for a while, with a feature's patches in it."""

    def __init__(self, request, feature, container):
        options = {"labels": container["labels"], "mem_limit": request["memoryBytes"], "pids_limit": 8192}
        self._backend = Backend(client, container["name"], options)
        self._feature, self._seconds = feature, request["timeoutSeconds"]

    def __enter__(self):
        backends.add(self._backend)
        try:
            if stopping.is_set():
                raise Stopped
            made = self._backend.create_sandbox(self._feature["image"], self._seconds + SPARE_SECONDS)
            if stopping.is_set():
                raise Stopped
            sandbox = Limited(made, self._backend.container, self._seconds)
            gold = helpers._filter_test_files(helpers._load_patch(Path(self._feature["gold"])) or "")
            helpers._write_patch(sandbox, "patch1.patch", gold)
            helpers._write_patch(sandbox, "tests1.patch", Path(self._feature["tests"]).read_text())
            return sandbox
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self._backend.remove()
        backends.discard(self._backend)


def oracle(request, feature):
    """
    What evaluations make of the gold patch and of none. One container does for all, as both features of a run are tested in
    one: the first in a new one, the second in one that has tested before. What is compiled for one is there for the next.
    """
    merged, solo = feature["containers"]
    with Sandbox(request, feature, merged) as sandbox:
        runner, dirty = look(sandbox)
        base, fault = merge(sandbox, dirty)
        if fault is None:
            return {"runner": runner, "merge": {"fault": None}, **tests(sandbox, base)}
    # A run of one agent is evaluated without a merge: in a tree that this one has not touched.
    with Sandbox(request, feature, solo) as sandbox:
        base = sandbox.exec("bash", "-c", "cd /workspace/repo && git rev-parse HEAD").stdout_read().strip()
        if not base:
            raise RuntimeError("Failed to get base commit SHA")  # CooperBench's own words
        return {"runner": runner, "merge": {"fault": fault}, **tests(sandbox, base)}


def look(sandbox):
    """The id that git gives the runner as a file, and whether the tree differs from its commit."""
    question = """
    (unset "${!GIT_@}"; cd / && git hash-object --no-filters /usr/local/bin/runner.sh) 2>/dev/null || echo none
    cd /workspace/repo && git -c core.checkStat=minimal -c core.trustctime=false status --porcelain | head -n 1
    """
    runner, _, changed = sandbox.exec("bash", "-c", question).stdout_read().partition("\n")
    return (None if runner == "none" else runner), changed.strip() != ""


def merge(sandbox, dirty):
    """As the evaluation of a cooperating run begins, of which one agent has the gold patch. Gives base commit and fault."""
    branches = helpers._setup_branches(sandbox)
    base = branches.get("base_sha")
    if branches.get("error") is not None:
        return base, str(branches["error"])[-KEEP:]
    if not base or branches.get("apply_status", {}).get("agent1", "applied") != "applied":
        return base, branches["output"][-KEEP:]
    result = helpers._merge_naive(sandbox, base)
    if result["conflict"] or not result["diff"].strip():
        return base, (branches["output"] + result["output"])[-KEEP:]
    if dirty:  # what was in the tree is in the merge as well
        sandbox.exec("cp", "/patches/naive_diff.patch", "/patches/merged.patch")
        run = test(sandbox, base, "merged.patch")
        if not run["passed"]:
            return base, run["output"]
    return base, None


def tests(sandbox, base):
    """The gold patch, the tests without it, and the gold patch again, for a runner that works but once, or not at first."""
    gold = test(sandbox, base, "patch1.patch")
    if is_cut_off(gold):
        return {"gold": gold}
    control = test(sandbox, base, "")
    if is_cut_off(control) or not gold["passed"]:
        return {"gold": gold, "control": control}
    return {"gold": gold, "control": control, "again": test(sandbox, base, "patch1.patch")}


def is_cut_off(run):
    return run["timedOut"] or run["outOfMemory"]


def test(sandbox, base, patch):
    """One evaluation of CooperBench, and how it ended."""
    began = time.monotonic()
    result = helpers._run_tests(sandbox, "tests1.patch", patch, base)
    return {
        "passed": result["passed"],
        "code": result["exit_code"],
        "testsPassed": result["tests_passed"],
        "testsFailed": result["tests_failed"],
        "timedOut": sandbox.timed_out,
        "outOfMemory": sandbox.is_out_of_memory(),
        "seconds": round(time.monotonic() - began, 3),
        "output": result["output"][-KEEP:],
    }


def run(request, index, feature):
    tell({"index": index, "started": True})
    try:
        tell({"index": index, **oracle(request, feature)})
    except ElsewhereError:
        tell({"index": index, "error": "elsewhere"})
    except Exception as error:
        if not stopping.is_set():
            tell({"index": index, "error": f"{type(error).__name__}: {error}"[-KEEP:]})


def stop(*_):
    """Ends what runs, by taking its container away; what is being made goes as soon as it is there."""
    stopping.set()
    for backend in list(backends):
        threading.Thread(target=backend.remove, daemon=True).start()


def watch_parent():
    while os.getppid() == parent:
        time.sleep(0.5)
    stop()


def main():
    request = json.load(sys.stdin)
    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=watch_parent, daemon=True).start()
    with ThreadPoolExecutor(max_workers=request["atOnce"]) as pool:
        for index, feature in enumerate(request["features"]):
            pool.submit(run, request, index, feature)


try:
    from evaluator import Backend, ElsewhereError, Limited, helpers
except Exception as error:
    print(json.dumps({type(error).__name__: str(error)[-KEEP:]}))
else:
    import docker

    try:
        client = docker.from_env()
    except docker.errors.DockerException as error:
        print(json.dumps({"engine": str(error)[-KEEP:]}))
    else:
        main()
