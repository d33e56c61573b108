import { expect, test } from "vitest";
import { mayPass, pullProblem } from "../../../../provision/engine/pull-failure.ts";

// The words are those of real engines and registries.
const of = (said: string) => pullProblem("a/b:c", new Map([["Docker Hub", new Error(said)]]));

test.each([
  [
    "write /var/lib/docker/tmp/GetImageBlob1: no space left on device",
    "no space left on the engine's disk",
    "docker system df",
  ],
  [
    "manifest for a/b:c not found: manifest unknown: manifest unknown",
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
  [
    "(HTTP code 500) server error - error unmarshalling content: invalid character '<' looking for beginning of value",
    "what answers is not a registry",
    "login page",
  ],
  ["unexpected media type text/html for sha256:0: not found", "what answers is not a registry", "proxy"],
  ["missing or empty Content-Type header", "what answers is not a registry", "proxy"],
  ["(HTTP code 500) server error - missing signature key", "manifest of schema 1", "pushed again"],
  [
    "unsupported media type application/vnd.cncf.helm.config.v1+json",
    "the registry has something other than an image there, such as a Helm chart",
    "check the reference",
  ],
  [
    "no matching manifest for linux/amd64 in the manifest list entries",
    "no such image for the platform of the lock",
    "lock --check",
  ],
  ["unauthorized: incorrect username or password", "refused the credentials", "docker login"],
  [
    'failed to resolve reference "r.example/a/b@sha256:0": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
    "refused the credentials",
    "docker login",
  ],
  [
    'failed to resolve reference "docker.io/a/b:c": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    "the registry has no such image",
    "docker login",
  ],
  ["connect ENOENT /var/run/docker.sock", "the Docker engine does not answer", "dockerHost"],
])("%s: the user reads image, reason and remedy", (said, reason, remedy) => {
  const { message } = of(said);
  expect(message).toContain("a/b:c could not be pulled: ");
  expect(message).toContain(reason);
  expect(message).toContain(said);
  expect(message).toContain(remedy);
});

test.each([
  ["received unexpected HTTP status: 503 Service Unavailable", true],
  ["toomanyrequests: You have reached your unauthenticated pull rate limit.", true],
  ["read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer", true],
  ["unexpected EOF", true],
  ["no byte and no extraction for 60 s", true],
  ["write /var/lib/docker/tmp/GetImageBlob1: no space left on device", false],
  ["manifest for a/b@sha256:0 not found: manifest unknown: manifest unknown", false],
  ["unauthorized: authentication required", false],
  ["connect ECONNREFUSED /var/run/docker.sock", false],
  ["(HTTP code 500) server error - error parsing HTTP 403 response body: invalid character '<'", false],
  ["(HTTP code 500) server error - missing signature key", false],
  ["odd", false],
])("%s: another attempt makes sense: %s", (said, passes) => {
  expect(mayPass(new Error(said))).toBe(passes);
});

test("a pull that failed from two registries is told with both reasons, and each remedy once", () => {
  const failures = new Map([
    ["mirror.example", new Error("unauthorized: authentication required")],
    ["Docker Hub", new Error("dial tcp: lookup registry-1.docker.io: no such host")],
  ]);
  const { found, remedies } = pullProblem("a/b:c", failures);
  expect(found).toBe(
    "a/b:c could not be pulled: from mirror.example: the registry refused the credentials (unauthorized: authentication required); " +
      "from Docker Hub: the engine cannot reach the registry (dial tcp: lookup registry-1.docker.io: no such host)",
  );
  expect(remedies).toEqual([
    { command: ["docker", "login"] },
    { advice: expect.stringContaining("network and proxy") },
  ]);
});

test("words that are not known are passed on as they are", () => {
  expect(of("odd").found).toBe("a/b:c could not be pulled: odd");
});
