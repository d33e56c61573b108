"""Finds the git server's image, or builds it as CooperBench's package does on a run's first use of git.

Arguments: the reference that is wanted, and the seconds that the build may take. Standard output, last line: the image.
"""

import io
import json
import sys

from git_servers import docker, servers

if servers._IMAGE_TAG != sys.argv[1]:
    sys.exit(f"this CooperBench looks for {servers._IMAGE_TAG}, this program knows {sys.argv[1]}")
client = docker.from_env(timeout=int(sys.argv[2]))
try:
    image, built = client.images.get(servers._IMAGE_TAG), False
except docker.errors.ImageNotFound:
    try:
        image, _ = client.images.build(
            fileobj=io.BytesIO(servers._DOCKERFILE), tag=servers._IMAGE_TAG, rm=True, forcerm=True
        )
        built = True
    except docker.errors.BuildError as error:
        log = "".join(line.get("stream", line.get("error", "")) for line in error.build_log)
        sys.exit(f"{error}\n{log[-2000:]}")
print(json.dumps({"imageId": image.id, "built": built}))
