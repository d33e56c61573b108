import { type ExistingRedis, troubleOf } from "../../provision/engine/existing-redis.ts";
import { type Finding, ok, warning } from "../finding.ts";

/**
 * Whether something is in the way of the Redis that cooperating agents need. An update goes on past it and ends with the
 * failed proof of the services, so it is told first.
 *
 * @param redis what is there where the stack wants a Redis; undefined where it wants none.
 */
export function servicesFinding(redis: ExistingRedis | undefined): Finding {
  if (redis === undefined) return ok("services", "off (coop: false)");
  const trouble = troubleOf(redis);
  if (trouble) return warning("services", trouble.found, trouble.remedies);
  const found =
    redis.kind === "foreign"
      ? "a Redis already answers there, and is used"
      : redis.kind === "conflict" || redis.finding === undefined
        ? "nothing is in the way of Redis"
        : `Redis is made again, because ${redis.finding}`;
  return ok("services", found);
}
