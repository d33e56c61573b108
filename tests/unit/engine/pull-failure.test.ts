import { expect, test } from "vitest";
import { explainPullFailure } from "../../../engine/pull-failure.ts";

// The words are those of real engines and registries.
test.each([
  [
    "write /var/lib/docker/tmp/GetImageBlob1: no space left on device",
    "no space left on the engine's disk",
    "docker system df",
  ],
  [
    "(HTTP code 404) no such image - manifest for a/b:c not found: manifest unknown: manifest unknown",
    "the registry has no such image",
    "check the reference",
  ],
  [
    "pull access denied for a/b, repository does not exist or may require 'docker login'",
    "the registry has no such image",
    "docker login",
  ],
  [
    "toomanyrequests: You have reached your unauthenticated pull rate limit.",
    "rate limit is reached",
    "docker login",
  ],
  [
    'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
    "the engine cannot reach the registry",
    "network and proxy",
  ],
  ["unauthorized: incorrect username or password", "refused the credentials", "docker login"],
  ["connect ENOENT /var/run/docker.sock", "the Docker engine does not answer", "dockerHost"],
])("%s: the user reads image, reason and remedy", (said, reason, remedy) => {
  const message = explainPullFailure("a/b:c", new Error(said));
  expect(message).toContain("a/b:c could not be pulled: ");
  expect(message).toContain(reason);
  expect(message).toContain(said);
  expect(message).toContain(remedy);
});

test("words that are not known are passed on as they are", () => {
  expect(explainPullFailure("a/b:c", new Error("odd"))).toBe("a/b:c could not be pulled: odd");
});
