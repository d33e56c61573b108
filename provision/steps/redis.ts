import { Problem } from "../../lib/problem.ts";
import { redisContainer } from "../engine/service-names.ts";
import { logsFirst } from "../remedies.ts";
import { lastLineOf, programAt, runVenvPython } from "./venv-python.ts";

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

/**
 * Sends a message through Redis with the client of CooperBench's own environment.
 *
 * @throws a Problem with what failed and what to do.
 */
export async function verifyRedis({ folder, address, dockerHost }: RedisQuestion): Promise<RedisResult> {
  const args = [programAt("ask_redis.py"), `redis://${address}`, String(patienceSeconds)];
  const { code, stdout, stderr } = await runVenvPython(folder, args, { timeoutSeconds: 120 });
  if (code !== 0) {
    throw new Problem(
      `Redis at ${address} does not serve: ${stderr.trim() || "its client did not end in time"}`,
      logsFirst(dockerHost, redisContainer),
    );
  }
  const { version } = lastLineOf<{ version: string }>(stdout);
  return { redis: address, redisVersion: version };
}
