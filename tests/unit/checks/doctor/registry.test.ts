import { describe, expect, test } from "vitest";
import { quotaFinding } from "../../../../checks/doctor/quota.ts";
import { askRegistry, type RegistryFacts, registryFinding } from "../../../../checks/doctor/registry.ts";
import type { Quota } from "../../../../provision/registry/headers.ts";
import { LocalServer } from "../../provision/registry/local-server.ts";

const reference = "akhatua/cooperbench-go-chi:task26";
const answeredAt = new Date();
const failed = (message: string): RegistryFacts => ({ reference, error: new Error(message), answeredAt });
const allows = (quota?: Quota): RegistryFacts => ({
  reference,
  answer: { digest: "sha256:0", ...(quota && { quota }) },
  answeredAt,
});
const quota = { limit: 100, remaining: 26, windowSeconds: 21_600 };

test("a registry out of reach stops an update, and names the rehearsal", () => {
  const finding = registryFinding(failed("dial tcp: lookup registry-1.docker.io: no such host"), "");
  expect(finding).toMatchObject({
    check: "registry",
    level: "blocker",
    found: `the engine cannot reach the registry (asked for ${reference}: dial tcp: lookup registry-1.docker.io: no such host)`,
    remedy: expect.stringMatching(/proxy\n.*registryMirror.*\n.*in the rehearsal:\n {2}\.\/machine up dev$/),
  });
});

test.each(["manifest unknown", "toomanyrequests: You have reached your pull rate limit", "unauthorized"])(
  "%s is no word on the network",
  (message) => expect(registryFinding(failed(message), "").level).toBe("ok"),
);

test.each([
  [
    "(HTTP code 500) server error - error unmarshalling content: invalid character '<' looking for the beginning",
    "blocker",
    /^the engine does not reach a registry \(asked for .*what answers is not a registry/,
  ],
  ["missing signature key", "warning", /^it cannot give akhatua\S+: the registry has a manifest of schema 1/],
  [
    "unsupported media type application/vnd.cncf.helm.config.v1+json",
    "warning",
    /^it cannot give .* such as a Helm chart/,
  ],
  [
    "no matching manifest for linux/amd64 in the manifest list",
    "warning",
    /^it cannot give .* for the platform/,
  ],
])("%s is told as what it is, a %s", (message, level, found) => {
  const finding = registryFinding(failed(message), "");
  expect(finding).toMatchObject({ level, found: expect.stringMatching(found) });
  expect(finding.remedy).toMatch(/^Fix: [a-z]/);
});

test.each([
  [26, "ok"],
  [27, "warning"],
])("26 pulls that are left for %d are %s", (pulls, level) => {
  const finding = quotaFinding(allows({ ...quota, source: "203.0.113.5" }), pulls, "");
  expect(finding.level).toBe(level);
  expect(finding.found).toBe(`26 of 100 pulls in 6 hours are left for 203.0.113.5, ${pulls} needed`);
});

test("a quota that is used up is a warning, and other failures are none", () => {
  expect(quotaFinding(failed("toomanyrequests: wait"), 2, "")).toMatchObject({
    level: "warning",
    remedy: expect.stringMatching(/docker login.*registryMirror.*wait/s),
  });
  expect(quotaFinding(failed("manifest unknown"), 2, "").level).toBe("ok");
});

test("a registry without a limit, or one that was not asked, is told as that", () => {
  expect(quotaFinding(allows(), 26, "")).toMatchObject({
    level: "ok",
    found: "the registry reports no limit",
  });
  for (const finding of [registryFinding(undefined, "a"), quotaFinding(undefined, 0, "a")])
    expect(finding).toMatchObject({ level: "ok", found: "not asked: a" });
});

describe("the question", () => {
  const engine = { dockerHost: "unix:///nowhere/docker.sock", platform: "linux/amd64" };
  const askTag = async () => ({ digest: "of the registry" });
  const fails = (message: string) => () => Promise.reject(new Error(message));

  test("goes to the registry", async () => {
    const { answer } = await askRegistry(reference, { ...engine, mirrors: [] }, askTag);
    expect(answer?.digest).toBe("of the registry");
  });

  test.each([
    ["it has mirrors", ["http://mirror/"], askTag, undefined],
    ["nobody else can", [], undefined, undefined],
    ["this machine's own fails", [], fails("fetch failed"), "fetch failed"],
  ])("goes to the engine where %s", async (_, mirrors, ask, unseen) => {
    const facts = await askRegistry(reference, { ...engine, mirrors }, ask);
    expect(facts.error?.message).toMatch(/ENOENT.*nowhere/);
    expect(facts.unseen).toBe(unseen);
  });

  test.each([
    ["linux/arm64", "no matching manifest for linux/arm64, only for linux/amd64"],
    ["linux/amd64", undefined],
  ])("of an engine for %s tells whether it has that platform", async (platform, says) => {
    const server = await new LocalServer((_, response) =>
      response
        .writeHead(200, { "Content-Type": "application/json" })
        .end(
          '{"Descriptor":{"digest":"sha256:0"},"Platforms":[{"os":"linux","architecture":"amd64"},{"os":"unknown","architecture":"unknown"}]}',
        ),
    ).start();
    const { error } = await askRegistry(reference, {
      dockerHost: `tcp://${server.host}`,
      mirrors: [],
      platform,
    });
    server.close();
    expect(error?.message).toBe(says);
  });

  test("goes to nobody else where the registry allows no more", async () => {
    const facts = await askRegistry(reference, { ...engine, mirrors: [] }, fails("HTTP 429"));
    expect(quotaFinding(facts, 2, "").level).toBe("warning");
  });

  test("that only the engine can ask leaves the quota unknown", () =>
    expect(quotaFinding({ ...allows(), unseen: "fetch failed" }, 2, "").found).toMatch(
      /^not known.*fetch failed/,
    ));
});
