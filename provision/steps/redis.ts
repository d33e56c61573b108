import { Problem } from "../../lib/problem.ts";
import { dockerAt } from "../engine/docker-command.ts";
import { runVenvPython } from "./venv-python.ts";

/** A Redis that must show that it serves. */
export interface RedisQuestion {
  /** Folder of the checkout, with its `.venv`. */
  readonly folder: string;
  /** Where it answers, as `host:port`. */
  readonly address: string;
  /** Docker engine that runs it, as in DOCKER_HOST. */
  readonly dockerHost: string;
}

/** What it has shown. */
export interface RedisResult {
  /** Where Redis answers, as `host:port`. */
  readonly redis: string;
  /** Version of Redis. */
  readonly redisVersion: string;
}

/** Seconds that Redis has to answer after its container was started, and a message has to arrive in. */
const patienceSeconds = 15;

// With the client that CooperBench uses, on a channel that nobody else listens to.
const question = `
import json, sys, time, uuid
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
`;

/**
 * Sends a message through Redis with the client of CooperBench's own environment.
 *
 * @throws a Problem with what failed and what to do.
 */
export async function verifyRedis({ folder, address, dockerHost }: RedisQuestion): Promise<RedisResult> {
  const args = ["-c", question, `redis://${address}`, String(patienceSeconds)];
  const { code, stdout, stderr } = await runVenvPython(folder, args, { timeoutSeconds: 120 });
  if (code !== 0) {
    throw new Problem(
      `Redis at ${address} does not serve: ${stderr.trim() || "its client did not end in time"}. ` +
        `See what it says (${dockerAt(dockerHost)} logs cooperbench-redis), and run the update again, ` +
        "which makes a new one where it does not run",
    );
  }
  const { version } = JSON.parse(stdout) as { version: string };
  return { redis: address, redisVersion: version };
}
