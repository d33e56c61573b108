"""CooperBench's own module that knows its git server, as `servers`.

It is loaded by its file: it needs nothing of the package, which takes some seconds to load.
"""

import importlib.util
import os
import sys

import docker

package = os.path.dirname(importlib.util.find_spec("cooperbench").origin)
file = os.path.join(package, "agents/mini_swe_agent_v2/connectors/git_servers/docker.py")
if not os.path.exists(file):
    sys.exit(f"this CooperBench has no {file}, where 0.0.29 has its git server")
spec = importlib.util.spec_from_file_location("cooperbench_git_servers_docker", file)
servers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(servers)
