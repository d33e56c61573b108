import { expect, test } from "vitest";
import { parseChallenge } from "../../../../provision/registry/challenge.ts";
import { dockerHub, endpointsOf, parseEndpoint } from "../../../../provision/registry/endpoint.ts";
import { quotaOf, retryAtOf } from "../../../../provision/registry/headers.ts";

const now = new Date("2026-01-01T00:00:00Z");
const inAMinute = new Date("2026-01-01T00:01:00Z");

test.each<[Record<string, string>, Date | undefined]>([
  [{ "Retry-After": "60" }, inAMinute],
  [{ "Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT" }, inAMinute],
  [{ "X-Retry-After": String(inAMinute.getTime() / 1000) }, inAMinute],
  [{ "RateLimit-Reset": "60" }, inAMinute],
  [{ "X-RateLimit-Reset": String(inAMinute.getTime() / 1000) }, inAMinute],
  [{ "X-RateLimit-Reset": "1", "Retry-After": "60" }, inAMinute],
  [{ "Retry-After": "soon", "RateLimit-Reset": "60" }, inAMinute],
  [{ "X-Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT" }, undefined],
  [{ "ratelimit-limit": "100;w=60", "ratelimit-remaining": "0;w=60" }, inAMinute],
  [{ "ratelimit-limit": "100;w=60", "ratelimit-remaining": "1;w=60" }, undefined],
  [{ "ratelimit-limit": "100;w=6000", "ratelimit-remaining": "0;w=6000", "Retry-After": "60" }, inAMinute],
  [{}, undefined],
])("%j means %s", (headers, at) => expect(retryAtOf(new Headers(headers), now)).toEqual(at));

test.each<[Record<string, string>]>([
  [{}],
  [{ "ratelimit-limit": "100;w=21600" }],
  [{ "ratelimit-limit": "many", "ratelimit-remaining": "76" }],
])("%j tells no quota", (headers) => expect(quotaOf(new Headers(headers))).toBeUndefined());

const bearer = { scheme: "Bearer", realm: "https://t.example/token", service: "r.example" };
test.each([
  [
    'Bearer realm="https://t.example/token",service="r.example",scope="repository:a/b:pull"',
    { ...bearer, scope: "repository:a/b:pull" },
  ],
  ["bearer realm=https://t.example/token, service=r.example", bearer],
  ['Basic realm="r", Bearer realm="https://t.example/token",service="r.example"', bearer],
  ['Bearer realm="https://t.example/token",service="r.example", Basic realm="r"', bearer],
  ['Basic realm="the registry"', { scheme: "Basic" }],
  ['Negotiate realm="x"', undefined],
  ["Bearer", undefined],
  ["", undefined],
])("%s is the challenge %j", (header, challenge) => expect(parseChallenge(header)).toEqual(challenge));

test.each([
  ["https://registry-1.docker.io", "https://registry-1.docker.io", ""],
  ["http://mirror.example:5000/", "http://mirror.example:5000", ""],
  ["mirror.example", "https://mirror.example", ""],
  ["mirror.example:5000/hub/cache", "https://mirror.example:5000", "hub/cache/"],
  ["localhost:5000", "http://localhost:5000", ""],
  ["127.1.2.3:5000/hub", "http://127.1.2.3:5000", "hub/"],
  ["localhost.example", "https://localhost.example", ""],
  ["https://127.0.0.1:5000", "https://127.0.0.1:5000", ""],
])("endpoint %s is %s with the prefix %j", (text, origin, prefix) =>
  expect(parseEndpoint(text)).toEqual({ origin, host: new URL(origin).host, prefix }),
);

test("what is no endpoint is refused with what is wanted", () =>
  expect(() => parseEndpoint("a b")).toThrow(/"a b" is not the address of a registry\nFix: .*HOST/));

test("an engine asks its mirrors in their order, then Docker Hub", () =>
  expect(endpointsOf(["http://one/", "http://two/"])).toEqual(["http://one/", "http://two/", dockerHub]));
