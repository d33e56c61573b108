"""Tells which version of CooperBench runs, from which folder, on which Python, and which pairs of a subset it sees.

Argument: the subset. It runs in the checkout, as `cooperbench` does, which looks for the dataset in the current folder.
Standard output, last line: the answer.
"""

import json
import os
import platform
import sys

import cooperbench
from cooperbench.runner.tasks import discover_tasks

subset = sys.argv[1]
found = discover_tasks(subset=None if subset == "full" else subset)
pairs: dict[str, list[list[int]]] = {}
for task in found:
    pairs.setdefault(f"{task['repo']}/{task['task_id']}", []).append(sorted(task["features"]))
print(
    json.dumps(
        {
            "version": cooperbench.__version__,
            "package": os.path.realpath(os.path.dirname(cooperbench.__file__)),
            "pythonVersion": platform.python_version(),
            "pairs": pairs,
        }
    )
)
