"""Sends a message through a Redis, with the client that CooperBench uses, on a channel that nobody else listens to.

Arguments: its URL, and the seconds that it has to answer and that the message has to arrive in. Standard output, last
line: its version.
"""

import json
import sys
import time
import uuid

import redis

url, patience = sys.argv[1], float(sys.argv[2])
client = redis.Redis.from_url(url, socket_timeout=patience, socket_connect_timeout=patience)
deadline = time.monotonic() + patience
while True:
    try:
        client.ping()
        break
    except (redis.ConnectionError, redis.TimeoutError) as error:
        if isinstance(error, redis.AuthenticationError) or time.monotonic() > deadline:
            sys.exit(f"a PING failed: {error}")
        time.sleep(0.1)
channel, message = f"cooperbench-machine-{uuid.uuid4()}", uuid.uuid4().hex.encode()
listener = client.pubsub(ignore_subscribe_messages=True)
listener.subscribe(channel)
listener.get_message(timeout=patience)
client.publish(channel, message)
heard = None
while heard is None and time.monotonic() < deadline:
    heard = listener.get_message(timeout=0.5)
listener.close()
if heard is None or heard["data"] != message:
    sys.exit(f"a message was published and did not arrive; got {heard}")
print(json.dumps({"version": client.info("server")["redis_version"]}))
