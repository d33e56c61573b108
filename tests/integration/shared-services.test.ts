import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adoptServices } from "../../provision/engine/adopt-services.ts";
import { judgeRedis, lookAtRedis } from "../../provision/engine/existing-redis.ts";
import { giveReference } from "../../provision/engine/images.ts";
import { freeName, ownerLabels } from "../../provision/engine/owned.ts";
import { pingRedis, pong } from "../../provision/engine/redis-ping.ts";
import { recordThing, recordUse, serviceRecords } from "../../provision/engine/service-records.ts";
import { endUse } from "../../provision/engine/service-use.ts";
import { freePort } from "../../rehearsal/free-port.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { lab1, lab2 } from "../owners.ts";
import { isChroot } from "./chroot.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
const { dockerHost } = lab.rehearsal;
const redis = "cooperbench-redis";
// CooperBench makes its git repositories by docker exec.
const git = !isChroot;
if (isChroot)
  console.warn("not tried in a chroot, where docker exec does not enter containers: a shared git server");
/** Time limit of a test in which a stack gets its checkout and its environment. */
const firstUpdateMs = 600_000;
const containers = git ? ["/cooperbench-git", `/${redis}`] : [`/${redis}`];

beforeAll(() => startRehearsal(lab.rehearsal, () => {}));
afterAll(() => lab.close());

const volumes = async () => ((await lab.engine.listVolumes()).Volumes ?? []).map(({ Name }) => Name);

/** Ids of what the services are made of. */
async function things(): Promise<Readonly<Record<string, string>>> {
  const all = await lab.engine.listContainers({ all: true });
  const found = Object.fromEntries(all.map(({ Names, Id }) => [Names.join(), Id]));
  const network = (await lab.engine.listNetworks()).find(({ Name }) => Name === "cooperbench");
  return { ...found, ...(network && { network: network.Id }) };
}

describe("two stacks of one engine", () => {
  let port: number;
  let first: string;
  let renamed: string;
  let second: string;
  let made: Readonly<Record<string, string>>;

  const preview = (stack: string) => lab.machine(["preview", stack, "--expect-no-changes"]);
  const answer = () => pingRedis({ host: "127.0.0.1", port });
  const coopOf = async (stack: string) =>
    JSON.parse((await lab.machine(["pulumi", "stack", "output", "--json", "--stack", stack])).stdout).coop;
  async function up(stack: string) {
    const update = await lab.machine(["up", stack]);
    expect(update.code, update.stdout).toBe(0);
    return update;
  }

  beforeAll(async () => {
    port = await freePort();
    const services = { coop: true, git, redisPort: port, redisNetwork: "host", tasks: ["go_chi_task/26"] };
    first = await lab.makeStack({ ...services, stackId: "" });
    renamed = `${first}-renamed`;
    second = await lab.makeStack({
      ...services,
      stackId: lab2.id,
      cooperbenchDir: join(lab.folder, "other"),
    });
  });
  afterAll(() => rmSync(lab.settingsFile(renamed), { force: true }));

  /** Takes out of a stack's state and off the engine what a stack that is older than ids does not have. */
  async function age(stack: string): Promise<void> {
    const state = await lab.machine(["pulumi", "stack", "export", "--stack", stack]);
    const { deployment, ...rest } = JSON.parse(state.stdout);
    const isUse = (urn: string) => /::coop-(redis|git)-use$/.test(urn);
    const resources = deployment.resources
      .filter(({ urn }: { urn: string }) => !isUse(urn))
      .map(({ deletedWith: _, ...resource }: { deletedWith?: string }) => resource);
    const file = join(lab.folder, "state.json");
    writeFileSync(file, JSON.stringify({ ...rest, deployment: { ...deployment, resources } }));
    const imported = await lab.machine(["pulumi", "stack", "import", "--file", file, "--stack", stack]);
    expect(imported.code, imported.stderr).toBe(0);
    for (const name of await volumes())
      if (name.startsWith("cooperbench-machine-")) await lab.engine.getVolume(name).remove();
  }

  test(
    "what a stack that is older than ids has made runs on as it is, once the stack has one",
    async () => {
      const old = await lab.machine(["pulumi", "up", "--yes", "--skip-preview", "--stack", first]);
      expect(old.code, old.stdout).toBe(0);
      await age(first);
      made = await things();
      expect(Object.keys(made).sort()).toEqual([...containers, ...(git ? ["network"] : [])].sort());
      const { Labels } = (await lab.engine.getContainer(redis).inspect()).Config;
      expect(Labels).not.toHaveProperty("cooperbench-machine.stack-id");

      lab.configure(first, { stackId: lab1.id });
      await up(first);
      expect(await things()).toEqual(made);
      expect((await preview(first)).code).toBe(0);
    },
    firstUpdateMs,
  );

  test("and is the stack's own under a new name", async () => {
    const rename = await lab.machine(["pulumi", "stack", "rename", renamed, "--stack", first]);
    expect(rename.code, rename.stderr).toBe(0);
    await up(renamed);
    expect(await things()).toEqual(made);
    expect(await coopOf(renamed)).toMatchObject({ redisOwn: true, ...(git && { gitOwn: true }) });
  });

  test(
    "another stack uses it, and notes that",
    async () => {
      await up(second);
      expect(await things()).toEqual(made);
      expect(await coopOf(second)).toMatchObject({ redisOwn: false, ...(git && { gitOwn: false }) });
      expect(await volumes()).toContain(`cooperbench-machine-uses-redis-${lab2.id}`);
      expect((await preview(second)).code).toBe(0);
    },
    firstUpdateMs,
  );

  test("a Redis that is slow is waited for; one that is silent is left as it is, which an update reports", async () => {
    const container = lab.engine.getContainer(redis);
    await container.kill({ signal: "SIGSTOP" });
    try {
      const update = await lab.machine(["up", renamed]);
      expect(update.code).not.toBe(0);
      expect(update.stdout).toContain(`gave no answer to a PING at 127.0.0.1:${port}`);
      const slow = preview(renamed);
      // Within what it is given, after which nobody would see that it was silent.
      await new Promise((resolve) => setTimeout(resolve, 3500));
      await container.kill({ signal: "SIGCONT" });
      expect((await slow).code).toBe(0);
    } finally {
      await container.kill({ signal: "SIGCONT" });
    }
    expect(await things()).toEqual(made);
  });

  test("where its maker makes it again, the other stack verifies it again", async () => {
    await lab.engine.getContainer(redis).kill();
    await up(renamed);
    expect((await things())[`/${redis}`]).not.toBe(made[`/${redis}`]);
    made = await things();
    expect((await preview(second)).code).not.toBe(0);
    await up(second);
    expect(await things()).toEqual(made);
  });

  test("its maker's destroy leaves it to the other, and says so; the last one's removes it", async () => {
    const destroy = await lab.machine(["destroy", renamed]);
    expect(destroy.code, destroy.stdout + destroy.stderr).toBe(0);
    expect(destroy.stdout).toContain(`Redis is left (container ${redis}): stack ${second} uses it`);
    expect(await things()).toEqual(made);
    expect(await answer()).toBe(pong);
    expect((await preview(second)).code).toBe(0);

    const last = await lab.machine(["pulumi", "destroy", "--yes", "--stack", second]);
    expect(last.code, last.stdout).toBe(0);
    expect(await things()).toEqual({});
    expect(await volumes()).toEqual([]);
    for (const stack of [renamed, second]) {
      const { stdout } = await lab.machine(["pulumi", "stack", "export", "--stack", stack]);
      expect(JSON.parse(stdout).deployment.resources ?? []).toEqual([]);
    }
  });
});

describe("on the engine", () => {
  /** Two images of the rehearsal, on the engine under a name of a test's own. */
  async function pulled(reference: string): Promise<string> {
    const stream = await lab.engine.pull(reference);
    await new Promise((resolve, reject) =>
      lab.engine.modem.followProgress(stream, (error) => (error ? reject(error) : resolve(undefined))),
    );
    return (await lab.engine.getImage(reference).inspect()).Id;
  }

  /** A container of Redis's name, whatever runs in it. */
  async function container(labels: Readonly<Record<string, string>>): Promise<string> {
    await pulled("redis:alpine");
    const { id } = await lab.engine.createContainer({
      name: redis,
      Image: "redis:alpine",
      Cmd: ["sleep", "1"],
      Labels: labels,
    });
    return id;
  }

  /** Removes what a test has made. */
  async function clean(): Promise<void> {
    for (const { Id } of await lab.engine.listContainers({ all: true }))
      await lab.engine.getContainer(Id).remove({ force: true });
    for (const name of await volumes()) await lab.engine.getVolume(name).remove();
  }

  const use = (owner: typeof lab1) => ({ dockerHost, service: "redis", owner }) as const;
  async function end(owner: typeof lab1): Promise<readonly string[]> {
    const lines: string[] = [];
    await endUse(use(owner), (line) => lines.push(line));
    return lines;
  }

  test("a name that another's container has is not freed; one that the stack has left there is", async () => {
    const older = { stack: lab1.stack, id: undefined };
    const namesake = { ...lab2, stack: lab1.stack };
    for (const labels of [{}, ownerLabels(older), ownerLabels(namesake), ownerLabels(lab2)]) {
      const id = await container(labels);
      await expect(freeName(dockerHost, "container", redis, lab1)).rejects.toThrow(
        `docker -H ${dockerHost} rm -f ${redis}`,
      );
      expect((await lab.engine.getContainer(redis).inspect()).Id).toBe(id);
      await clean();
    }
    await container(ownerLabels({ ...lab1, stack: "renamed" }));
    await freeName(dockerHost, "container", redis, lab1);
    expect(await lab.containers()).toEqual([]);
    // A stack without an id is known by its name, as what it has made.
    await container(ownerLabels(older));
    await freeName(dockerHost, "container", redis, older);
    expect(await lab.containers()).toEqual([]);
  });

  test("what is cut off can be repeated: uses that end one after another, twice each, or at once", async () => {
    for (const ends of [
      async () => {
        expect(await end(lab1)).toEqual([expect.stringContaining(`stack ${lab2.stack} uses it`)]);
        expect(await end(lab1)).toHaveLength(1);
        expect(await lab.containers()).toEqual([`/${redis}`]);
        await end(lab2);
        await end(lab2);
      },
      // Either may see the other's use for a moment longer.
      ...Array(10).fill(async () => {
        await Promise.all([end(lab1), end(lab2)]);
      }),
    ]) {
      await container(ownerLabels(lab1));
      for (const owner of [lab1, lab1, lab2]) await recordUse(dockerHost, "redis", owner);
      await ends();
      expect(await lab.containers()).toEqual([]);
      expect(await volumes()).toEqual([]);
    }
  });

  test("a container that no stack made stays, and so does one whose maker is not known to have left it", async () => {
    await container({});
    await recordUse(dockerHost, "redis", lab1);
    expect(await end(lab1)).toEqual([]);
    expect(await lab.containers()).toEqual([`/${redis}`]);
    await clean();

    const id = await container(ownerLabels({ stack: lab1.stack, id: undefined }));
    await recordUse(dockerHost, "redis", lab1);
    expect(await end(lab1)).toEqual([expect.stringMatching(/older than ids.* rm -f cooperbench-redis$/)]);
    expect(await lab.containers()).toEqual([`/${redis}`]);

    await recordThing(dockerHost, "redis", lab1, "adopted", id);
    expect(await end(lab1)).toEqual([]);
    expect(await lab.containers()).toEqual([]);
    expect(await serviceRecords(dockerHost, "redis")).toEqual([]);
  });

  test("what is older than ids and in a stack's state is its own, whatever the stack was called then", async () => {
    await clean();
    const id = await container(ownerLabels({ stack: "before", id: undefined }));
    const look = async () => judgeRedis(await lookAtRedis(dockerHost, lab1, { host: "127.0.0.1", port: 1 }));
    expect(await look()).toMatchObject({ kind: "conflict" });
    const inState = (id: string) => [{ urn: "urn:pulumi:lab-1::p::t::coop-redis-container", id }];
    expect(await adoptServices(dockerHost, lab1, inState("another"))).toEqual([]);
    expect(await look()).toMatchObject({ kind: "conflict" });
    for (const _ of ["once", "again"])
      expect(await adoptServices(dockerHost, lab1, inState(id))).toEqual([redis]);
    expect(await look()).toMatchObject({ kind: "own" });
    expect(await end(lab1)).toEqual([]);
    expect(await lab.containers()).toEqual([]);
  });
  afterAll(clean);

  test("images that trade names at once each keep one", async () => {
    const one = await pulled("redis:alpine");
    const other = await pulled("debian:bookworm-slim");
    await lab.engine.getImage(one).tag({ repo: "trade", tag: "one" });
    await lab.engine.getImage(one).tag({ repo: "trade", tag: "two" });
    await Promise.all(
      ["trade:one", "trade:two", "redis:alpine"].map((name) => giveReference(lab.engine, other, name)),
    );
    const { RepoTags } = await lab.engine.getImage(one).inspect();
    // containerd's store has names by digest there, too.
    expect(RepoTags.filter((name) => !name.includes("@"))).toHaveLength(1);
    expect((await lab.engine.getImage("trade:one").inspect()).Id).toBe(other);
  });
});
