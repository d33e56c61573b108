import { expect, test } from "vitest";
import { servicesFinding } from "../../../../checks/doctor/services.ts";
import { each } from "../../../../lib/remedy.ts";
import type { ExistingRedis } from "../../../../provision/engine/existing-redis.ts";

test.each<[ExistingRedis | undefined, string]>([
  [undefined, "off (coop: false)"],
  [{ kind: "own" }, "nothing is in the way of Redis"],
  [{ kind: "own", finding: "it is exited" }, "Redis is made again, because it is exited"],
  [{ kind: "foreign" }, "a Redis already answers there, and is used"],
])("%j is well", (redis, found) => {
  expect(servicesFinding(redis)).toMatchObject({ check: "services", level: "ok", found });
});

const remedies = { advice: "stop it" };

test.each<ExistingRedis>([
  { kind: "conflict", found: "taken", remedies },
  { kind: "own", trouble: { found: "taken", remedies } },
])("what keeps Redis from serving is told with its remedy", (redis) => {
  expect(servicesFinding(redis)).toMatchObject({
    check: "services",
    level: "warning",
    found: "taken",
    remedies: each(remedies),
  });
});
