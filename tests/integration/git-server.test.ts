import { afterAll, test as anyTest, beforeAll, expect } from "vitest";
import { freePort } from "../../rehearsal/free-port.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { isChroot } from "./chroot.ts";
import { type Ended, Lab } from "./lab.ts";

const lab = new Lab();
const names = ["/cooperbench-git", "/cooperbench-redis"];
let stack: string;
let first: Ended;

// CooperBench makes its repositories by docker exec.
const test = anyTest.skipIf(isChroot);
if (isChroot)
  console.warn("not tried in a chroot, where docker exec does not enter containers: the git server");

beforeAll(async () => {
  if (isChroot) return;
  await startRehearsal(lab.rehearsal, () => {});
  await lab.engine.createVolume({ Name: "cooperbench-git-data" });
  const services = { coop: true, git: true, redisPort: await freePort() };
  stack = await lab.makeStack({ tasks: ["go_chi_task/26"], ...services });
  first = await lab.machine(["up", stack]);
});
afterAll(() => lab.close());

const preview = () => lab.machine(["preview", stack, "--expect-no-changes"]);
const networks = async () => (await lab.engine.listNetworks()).map((network) => network.Name);
const volumes = async () => (await lab.engine.listVolumes()).Volumes.map((volume) => volume.Name);
const coop = async () =>
  JSON.parse((await lab.machine(["pulumi", "stack", "output", "--json", "--stack", stack])).stdout).coop;

test("a git server is built from CooperBench's own Dockerfile, and takes a clone, a commit and a push from its network", async () => {
  expect(first.code, first.stdout).toBe(0);
  expect(await coop()).toMatchObject({
    git: "git://cooperbench-git:9418",
    gitVersion: expect.stringMatching(/^\d+\.\d+/),
    gitOwn: true,
  });
  expect((await lab.containers()).toSorted()).toEqual(names.toSorted());
  expect(await networks()).toContain("cooperbench");
  const { Ports } = (await lab.engine.getContainer("cooperbench-git").inspect()).NetworkSettings;
  expect(Object.values(Ports ?? {}).flatMap((bindings) => bindings ?? [])).toEqual([]);
  expect((await preview()).code).toBe(0);
});

test("one that was killed, and whose image was removed, is mended", async () => {
  await lab.engine.getContainer("cooperbench-git").kill();
  await lab.engine.getImage("cooperbench-git-server:local").remove({ force: true });
  expect((await preview()).code, "preview").not.toBe(0);
  const mended = await lab.machine(["up", stack]);
  expect(mended.code, mended.stdout).toBe(0);
  expect((await lab.containers()).toSorted()).toEqual(names.toSorted());
  expect((await preview()).code, "preview after").toBe(0);
});

test("turned off, it goes, but for its image, and the volume that was there before", async () => {
  lab.configure(stack, { git: false });
  expect((await lab.machine(["up", stack])).code).toBe(0);
  expect(await lab.containers()).toEqual(["/cooperbench-redis"]);
  expect(await networks()).not.toContain("cooperbench");
  expect(await volumes()).toContain("cooperbench-git-data");
  expect(await lab.references()).toContain("cooperbench-git-server:local");
});
