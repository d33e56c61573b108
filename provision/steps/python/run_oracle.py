"""Evaluates gold patches by CooperBench's own evaluator, some features at a time.

Standard input: {"features": [FEATURE], "atOnce": N, "memoryBytes": N, "timeoutSeconds": N}, where FEATURE has the `image`,
the files `tests` and `gold`, and `containers`: {KIND: {"name", "labels"}} for the kinds gold and control. Standard
output: a line {"index": N, "started": true} for each feature that begins, and a line with its result as it ends. SIGTERM,
or the end of the process that has started this one, removes all containers and ends it.
"""

import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# What CooperBench's exec says of a whole run, kept from the end: its parser has read all of it by then.
KEEP = 8000
# Above every limit that is asked for, so that the sandbox's own, which waits for what it has ended, never comes first.
SPARE_SECONDS = 3600
RUNNER = "/usr/local/bin/runner.sh"

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
    """A sandbox of CooperBench for a while."""

    def __init__(self, request, feature, kind):
        container = feature["containers"][kind]
        options = {
            "labels": container["labels"],
            "mem_limit": request["memoryBytes"],
            "pids_limit": 8192,
        }
        self.backend = Backend(client, container["name"], options)
        self.image, self.seconds = feature["image"], request["timeoutSeconds"]

    def __enter__(self):
        backends.add(self.backend)
        try:
            if stopping.is_set():
                raise Stopped
            made = self.backend.create_sandbox(self.image, self.seconds + SPARE_SECONDS)
            if stopping.is_set():
                raise Stopped
        except BaseException:
            self.__exit__()
            raise
        return Limited(made, self.backend.container, self.seconds)

    def __exit__(self, *_):
        self.backend.remove()
        backends.discard(self.backend)


def evaluated(sandbox, container, tests, patch, base):
    """One evaluation of CooperBench, and how it ended."""
    helpers._write_patch(sandbox, "tests1.patch", Path(tests).read_text())
    began = time.monotonic()
    result = helpers._run_tests(sandbox, "tests1.patch", patch, base)
    seconds = time.monotonic() - began
    container.reload()
    return {
        "passed": result["passed"],
        "code": result["exit_code"],
        "testsPassed": result["tests_passed"],
        "testsFailed": result["tests_failed"],
        "timedOut": sandbox.timed_out,
        "outOfMemory": container.attrs["State"].get("OOMKilled", False),
        "seconds": round(seconds, 3),
        "output": result["output"][-KEEP:],
    }


def run_gold(request, feature):
    """As the evaluation of a solo run."""
    sandbox = Sandbox(request, feature, "gold")
    with sandbox as sb:
        base = base_of(sb)
        helpers._write_patch(sb, "solo.patch", gold_of(feature))
        gold = evaluated(sb, sandbox.backend.container, feature["tests"], "solo.patch", base)
        # Without the variables that an image may have for git: this is about a file.
        question = f'unset "${{!GIT_@}}"; cd / && git hash-object --no-filters {RUNNER}'
        asked = None if sb.timed_out else sb.exec("bash", "-c", question)
        runner = asked.stdout_read().strip() if asked is not None and asked.returncode == 0 else None
        return gold, runner


def run_control(request, feature):
    """As the evaluation of a cooperating run, of which one agent has the gold patch; then the tests without a patch."""
    sandbox = Sandbox(request, feature, "control")
    with sandbox as sb:
        container = sandbox.backend.container
        merge = merged(sb, feature, container)
        control = evaluated(sb, container, feature["tests"], "", base_of(sb, merge))
        return control, {"fault": merge.get("fault")}


def merged(sb, feature, container):
    """The base commit, and what is wrong where the gold patch is not what a merge gives, or its tests do not pass then."""
    status = "git -c core.checkStat=minimal -c core.trustctime=false status --porcelain"
    dirty = sb.exec("bash", "-c", f"cd /workspace/repo && {status}").stdout_read().strip() != ""
    helpers._write_patch(sb, "patch1.patch", gold_of(feature))
    helpers._write_patch(sb, "patch2.patch", "")
    branches = helpers._setup_branches(sb)
    base = branches.get("base_sha")
    if "error" in branches and branches["error"] is not None:
        return {"base": base, "fault": str(branches["error"])[-KEEP:]}
    if branches.get("apply_status", {}).get("agent1", "applied") != "applied":
        return {"base": base, "fault": branches["output"][-KEEP:]}
    merge = helpers._merge_naive(sb, base)
    if merge["conflict"] or not merge["diff"].strip():
        return {"base": base, "fault": (branches["output"] + merge["output"])[-KEEP:]}
    if dirty:  # what was in the tree is in the merge as well
        sb.exec("cp", "/patches/naive_diff.patch", "/patches/merged.patch")
        run = evaluated(sb, container, feature["tests"], "merged.patch", base)
        if not run["passed"]:
            return {"base": base, "fault": run["output"]}
    return {"base": base}


def base_of(sb, merge=None):
    base = (merge or {}).get("base") or sb.exec("bash", "-c", "cd /workspace/repo && git rev-parse HEAD").stdout_read().strip()
    if not base:
        raise RuntimeError("Failed to get base commit SHA")  # CooperBench's own words
    return base


def gold_of(feature):
    return helpers._filter_test_files(helpers._load_patch(Path(feature["gold"])) or "")


def run(request, index, feature):
    tell({"index": index, "started": True})
    try:
        gold, runner = run_gold(request, feature)
        result = {"gold": gold, "runner": runner}
        if not gold["timedOut"]:
            result["control"], result["merge"] = run_control(request, feature)
        tell({"index": index, **result})
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
    from evaluator import Backend, ElsewhereError, Limited, OtherVersion, helpers
except Exception as error:  # another version, or one that does not load
    print(json.dumps({"version": f"{type(error).__name__}: {error}"[-KEEP:]}))
else:
    import docker

    try:
        client = docker.from_env()
    except docker.errors.DockerException as error:
        print(json.dumps({"engine": str(error)[-KEEP:]}))
    else:
        main()
