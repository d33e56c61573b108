import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { chooseImage, networkFinding } from "../../../../checks/doctor/network.ts";
import { known } from "../../../../lib/known.ts";
import type { IndexTrouble } from "../../../../provision/steps/package-index.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

const where = { dockerHost: "unix:///var/run/docker.sock", stack: "lab-1" };

/** A checkout whose tasks have these runners. */
function checkout(runners: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder("network-");
  for (const [task, text] of Object.entries(runners)) {
    mkdirSync(join(folder, "dataset", task), { recursive: true });
    writeFileSync(join(folder, "dataset", task, "runner.sh"), text);
  }
  return folder;
}

const task = (repo: string) => ({ repo, taskId: 1, image: `b/${repo}:1` });
const tasks = ["go", "js", "npx", "uv", "pip"].map(task);
const folder = () =>
  checkout({
    "go/task1": "#!/bin/bash\n# pip install is not for this one\necho pip\ngo test ./...\n",
    "js/task1": 'cd /workspace\npnpm test "src" 2>&1\n',
    "npx/task1": "npx pnpm@8 test\n",
    "uv/task1": 'if uv pip install --system -e ".[test]" 2>/dev/null; then\n  pip list\nfi\n',
    "pip/task1": "pip install -e .\n",
  });
const on = (...repos: readonly string[]) => [
  { id: "1", digests: [], references: repos.map((repo) => `b/${repo}:1`) },
];

test.each([
  [["go", "js", "npx", "uv", "pip"], { image: "b/uv:1", manager: "pip" }],
  [["go", "js", "npx"], { image: "b/js:1", manager: "pnpm" }],
  [["npx"], { image: "b/npx:1", manager: "npm" }],
  [["go"], { none: "no image whose runner installs packages is on the engine" }],
])("of the images %j one is chosen by its runner", (repos, expected) => {
  expect(chooseImage(tasks, on(...repos), folder())).toEqual(expected);
});

test("without a checkout, or a runner that installs anything, nothing is asked", () => {
  const none = "there is no checkout in /nowhere; its runners say which package manager they use";
  expect(chooseImage(tasks, on("pip"), "/nowhere")).toEqual({ none });
  expect(networkFinding({ none }, where, {})).toMatchObject({
    ...{ check: "network", level: "ok", found: `not asked: ${none}` },
  });
  const bare = checkout({ "go/task1": "go test\n" });
  expect(chooseImage(tasks, on("go"), bare)).toEqual({
    none: `no runner in ${bare} calls a package manager`,
  });
});

const finding = (trouble?: IndexTrouble) =>
  networkFinding(
    {
      ...{ image: "b/pip:1", manager: "pip" },
      answer: known({ seconds: 1.4, ...(trouble && { trouble }) }),
    },
    where,
    {},
  );

test("an index that answers is well", () => {
  expect(finding()).toMatchObject({
    check: "network",
    level: "ok",
    found: "pip in a container of b/pip:1 gets a package from its index, in 1.4 s",
  });
});

test.each<[IndexTrouble["cause"], RegExp]>([
  ["name", /^Fix: give containers a DNS server that they reach \("dns": .* in \/etc\/docker\/daemon\.json/],
  ["proxy", /^Fix: if this network has a proxy, name it in \S+\/config\.json \(proxies\)/],
  ["certificate", /the images do not have the inspecting proxy's certificate/],
  ["connection", /^Fix: let containers out through the firewall; if this network has a proxy/],
  ["other", /\n {2}docker run --rm --entrypoint pip b\/pip:1 download .* six$/],
])("a fault of kind %s is a warning with its remedy", (cause, remedy) => {
  vi.stubEnv("DOCKER_CONFIG", "/nowhere");
  expect(finding({ cause, said: "words" })).toMatchObject({
    check: "network",
    level: "warning",
    found: expect.stringMatching(/^pip in a container of b\/pip:1 gets nothing from its index, .*: words$/),
    remedy: expect.stringMatching(remedy),
  });
});

test("a container that could not ask is a warning", () => {
  const asked = { image: "b/pip:1", manager: "pip" } as const;
  expect(networkFinding({ ...asked, answer: { unknown: "b/pip:1 has no pip" } }, where, {})).toMatchObject({
    level: "warning",
    found: "pip in a container of b/pip:1 could not ask its index: b/pip:1 has no pip",
  });
});
