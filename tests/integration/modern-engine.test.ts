import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readImagesLock } from "../../benchmark/images-lock.ts";
import { pingRedis, pong } from "../../provision/engine/redis-ping.ts";
import { usesContainerd } from "../../provision/engine/store.ts";
import { ENGINE_VARIABLE } from "../../rehearsal/engine-choice.ts";
import { freePort } from "../../rehearsal/free-port.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { isChroot } from "./chroot.ts";
import { type Ended, Lab } from "./lab.ts";

// What differs on a modern engine, with containerd's image store, in one machine. In test:long all other files run on it.
vi.stubEnv(ENGINE_VARIABLE, "modern");

const lab = new Lab();
const image = "akhatua/cooperbench-go-chi:task26";
// CooperBench makes its git repositories by docker exec.
const git = !isChroot;
const services = git ? ["/cooperbench-git", "/cooperbench-redis"] : ["/cooperbench-redis"];
let port: number;
let stack: string;
let first: Ended;

beforeAll(async () => {
  await startRehearsal(lab.rehearsal, console.log);
  port = await freePort();
  const coop = { coop: true, git, redisPort: port };
  stack = await lab.makeStack({ tasks: ["go_chi_task"], oracleTasks: 1, ...coop });
  first = await lab.machine(["up", stack]);
});
afterAll(() => lab.close());

const up = () => lab.machine(["up", stack]);
const preview = async () => (await lab.machine(["preview", stack, "--expect-no-changes"])).code;
const locked = () => readImagesLock(lab.rehearsal.imagesLock).images[image];

test("the engine keeps images with containerd, and the first update pulls, probes and evaluates on it", async () => {
  expect(usesContainerd(await lab.engine.info())).toBe(true);
  expect(first.stdout + first.stderr).toContain("3/3 images verified (0 found, 3 pulled)");
  expect(first.code).toBe(0);
  expect(await preview()).toBe(0);
});

// The classic store's id is the digest of the image's configuration, which the lock has as imageId.
test("an image's id is its digest, and so it is in the state", async () => {
  const { Id } = await lab.engine.getImage(image).inspect();
  expect(Id).toBe(locked()?.digest);
  const { stdout } = await lab.machine(["pulumi", "stack", "output", "--json", "--stack", stack]);
  expect(JSON.parse(stdout).images["go-chi-task26"]).toMatchObject({ imageId: Id });
});

test("Redis answers where the stack's settings say, and the git server runs", async () => {
  expect((await lab.containers()).toSorted()).toEqual(services);
  expect(await pingRedis({ host: "127.0.0.1", port })).toBe(pong);
});

test("a locked image that has another name alone is found by it, and nothing is pulled", async () => {
  await lab.engine.getImage(image).tag({ repo: "mine", tag: "1" });
  await lab.engine.getImage(image).remove();
  expect(await lab.references()).not.toContain(image);
  expect((await lab.machine(["doctor", stack])).stdout).toContain("no image is to be pulled");
  expect(await preview()).not.toBe(0);
  const mended = await up();
  expect(mended.stdout, mended.stdout + mended.stderr).toContain("3/3 images verified (3 found, 0 pulled)");
  expect(await preview()).toBe(0);
  await lab.engine.getImage("mine:1").remove();
});

test("an image and the services that are gone are drift, and an update brings just these back", async () => {
  await lab.engine.getImage(image).remove();
  for (const name of services) await lab.engine.getContainer(name.slice(1)).remove({ force: true });
  expect(await preview()).not.toBe(0);
  const mended = await up();
  expect(mended.code, mended.stdout).toBe(0);
  expect(mended.stdout).toContain("3/3 images verified (2 found, 1 pulled)");
  expect((await lab.containers()).toSorted()).toEqual(services);
  expect(await preview()).toBe(0);
});

test("a rehearsal with another engine than the one that is asked for is reported, and left as it is", async () => {
  const asked = { [ENGINE_VARIABLE]: "debian" };
  const { code, stderr } = await lab.machine(["rehearsal", "start", lab.rehearsal.dir], asked);
  expect(code).toBe(1);
  expect(stderr).toMatch(/has the engine modern, and \S+ asks for debian.*\nFix: unset COOPERBENCH_/);
  expect(await preview()).toBe(0);
});

test("destroy leaves nothing that the stack made, and the images", async () => {
  expect((await lab.machine(["pulumi", "destroy", "--yes", "--stack", stack])).code).toBe(0);
  expect(await lab.containers()).toEqual([]);
  expect(await lab.references()).toContain(image);
});
