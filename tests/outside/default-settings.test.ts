/**
 * A stack as `./machine new` makes it, no setting changed but which Python, on a machine that reaches Docker Hub,
 * get.pulumi.com and github.com under their names, with TLS. Those are written anew, after what their documents and
 * clients say of them (docs/testing.md); package registries are the machine's.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readTasks } from "../../benchmark/tasks.ts";
import { SOURCE_COMMIT } from "../../rehearsal/source-commit.ts";
import { CDN } from "./docker-hub.ts";
import { Visitor } from "./visitor.ts";
import { OutsideWorld } from "./world.ts";

let world: OutsideWorld;
let visitor: Visitor;
beforeAll(async () => {
  world = await OutsideWorld.make();
  visitor = new Visitor(world, "home");
});
afterAll(() => world.close());

const machine = (...args: readonly string[]) => visitor.machine(args);
const lite = readTasks().filter(({ subsets }) => subsets.includes("lite"));

test("new gets Pulumi and its plugins from where they are", async () => {
  const { code, stderr } = await visitor.machine(["new", "lab"], { COHERE_API_KEY: "key-of-a-test" });
  expect(code, stderr).toBe(0);
  // A machine may have no Python 3.12, which then came from elsewhere.
  visitor.configure("lab", { pythonVersion: ">=3.10" });
  const gets = world.web.visits.filter(({ host, method }) => host === "get.pulumi.com" && method === "GET");
  expect(gets.map(({ path }) => path)).toEqual([
    "/install.sh",
    expect.stringMatching(/^\/releases\/sdk\/pulumi-v[\d.]+-linux-(x64|arm64)\.tar\.gz$/),
    expect.stringMatching(
      /^\/releases\/plugins\/pulumi-resource-docker-v[\d.]+-linux-(amd64|arm64)\.tar\.gz$/,
    ),
    expect.stringMatching(
      /^\/releases\/plugins\/pulumi-resource-command-v[\d.]+-linux-(amd64|arm64)\.tar\.gz$/,
    ),
  ]);
});

test("doctor finds the engine, the pulls that Docker Hub allows, and the release on GitHub", async () => {
  const { code, stdout } = await machine("doctor", "lab");
  expect(stdout).toMatch(/ok +engine .*unix:\/\/\/var\/run\/docker\.sock \(by its usual socket\)/);
  expect(stdout).toMatch(/ok +quota +100 of 100 pulls in 6 hours are left for 203\.0\.113\.7, 26 needed/);
  expect(stdout).toMatch(/ok +source +https:\/\/github\.com\/cooperbench\/CooperBench\.git/);
  expect(stdout).toMatch(/ok +pulumi .*official installation.*official download.*official download/);
  expect(code, stdout).toBe(0);
  expect(world.hub.pulls).toBe(0);
});

test("lock asks for each image once", async () => {
  const { code, stdout } = await machine("lock", "lab");
  expect(stdout).toContain("32 images: 32 new; written: manifest/images.lock.json");
  expect(code).toBe(0);
  expect(world.hub.pulls).toBe(32);
});

test("up pulls by a token and from the CDN, and verifies the benchmark's own commits", async () => {
  const { code, stdout, stderr } = await machine("up", "lab");
  expect(stdout + stderr).toContain("26/26 images verified (0 found, 26 pulled)");
  expect(code).toBe(0);
  expect(world.hub.pulls).toBe(32 + 26);
  expect(world.web.asked("auth.docker.io")).toContain("GET /token");
  expect(world.web.asked(CDN).length).toBeGreaterThan(26);
  const engine = new Docker({ socketPath: world.socket });
  const { RegistryConfig } = (await engine.info()) as { RegistryConfig: { Mirrors: readonly string[] } };
  expect(RegistryConfig.Mirrors, "the engine has no other way to them").toEqual([]);
  for (const { image } of lite) expect((await engine.getImage(image).inspect()).RepoTags).toContain(image);
});

test("a second up and a preview change nothing, and ask nobody for an image or a commit", async () => {
  const before = world.web.visits.length;
  const second = await machine("up", "lab");
  expect(second.stdout).toContain("26/26 images verified (26 found, 0 pulled); nothing changed");
  expect(second.code).toBe(0);
  const preview = await machine("preview", "lab", "--expect-no-changes");
  expect(preview.code, preview.stdout).toBe(0);
  expect(world.web.visits.slice(before)).toEqual([]);
});

test("verify probes each image at the benchmark's base commit", async () => {
  const { code, stdout } = await machine("verify", "lab", "--json");
  const { images } = JSON.parse(stdout) as { images: readonly Record<string, unknown>[] };
  expect(images).toHaveLength(26);
  for (const image of images) expect(image).toMatchObject({ ok: true, locked: true });
  for (const { baseCommit } of lite) expect(stdout).toContain(baseCommit);
  expect(code).toBe(0);
});

test("status calls the machine ready, and plan names its run", async () => {
  const status = await machine("status", "lab");
  expect(status.stdout).toMatch(/^Ready: .* 0 blockers$/m);
  expect(status.stdout).toContain(`0.0.29 at commit ${SOURCE_COMMIT.slice(0, 12)}`);
  expect(status.code).toBe(0);
  const plan = await machine("plan", "lab");
  expect(plan.stdout).toContain("run -n solo -s lite --setting solo");
  expect(plan.code).toBe(0);
});

test("destroy leaves the images, and nothing else", async () => {
  const { code, stdout } = await machine("destroy", "lab");
  expect(code, stdout).toBe(0);
  expect(readdirSync(visitor.project)).not.toContain("repos");
  const images = await new Docker({ socketPath: world.socket }).listImages();
  expect(images).toHaveLength(26);
});

test("nobody else on the machine has seen any of it", () => {
  expect(readFileSync("/etc/hosts", "utf8")).not.toContain(world.web.address);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(join(world.folder, "hosts"));
});
