import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readImagesLock } from "../../benchmark/images-lock.ts";
import { pingRedis, pong } from "../../provision/engine/redis-ping.ts";
import { freePort } from "../../rehearsal/free-port.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { findTools } from "../../rehearsal/tools.ts";
import { type Ended, Lab } from "./lab.ts";

const lab = new Lab();
const name = "cooperbench-redis";
let port: number;
let stack: string;
let first: Ended;

beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {});
  port = await freePort();
  stack = await lab.makeStack(withRedis(port));
  first = await lab.machine(["up", stack]);
});
afterAll(() => lab.close());

function withRedis(redisPort: number, settings: Readonly<Record<string, unknown>> = {}) {
  return { tasks: ["go_chi_task/26"], coop: true, redisPort, ...settings };
}

const preview = () => lab.machine(["preview", stack, "--expect-no-changes"]);
const answer = (at = port) => pingRedis({ host: "127.0.0.1", port: at });
const coopOf = async (one: string) =>
  JSON.parse((await lab.machine(["pulumi", "stack", "output", "--json", "--stack", one])).stdout).coop;

/** A setting of the Redis, as it tells it itself. */
async function configured(setting: string): Promise<string | undefined> {
  const socket = connect(port, "127.0.0.1");
  try {
    socket.write(`CONFIG GET ${setting}\r\n`);
    const [answer] = await once(socket, "data");
    return String(answer).split("\r\n")[4];
  } finally {
    socket.destroy();
  }
}

test("the first update starts a Redis on loopback alone, and a client of CooperBench's environment proves it", async () => {
  expect(first.stdout + first.stderr).toContain("1/1 images verified");
  expect(first.code).toBe(0);
  expect(await coopOf(stack)).toEqual({
    redis: `127.0.0.1:${port}`,
    redisVersion: expect.stringMatching(/^\d+\.\d+/),
    redisOwn: true,
  });
  expect(await lab.containers()).toEqual([`/${name}`]);
  expect(await answer()).toBe(pong);
});

test("CooperBench itself finds it, and starts none", async () => {
  const code = `from cooperbench.infra.redis import ensure_redis; ensure_redis("redis://localhost:${port}")`;
  const { stdout } = await lab.run(join(lab.checkout, ".venv", "bin", "python"), ["-c", code]);
  expect(stdout).toContain("connected");
});

test("the second update changes nothing, and a preview agrees", async () => {
  const second = await lab.machine(["up", stack]);
  expect(second.stdout).toContain("nothing changed");
  expect((await preview()).code).toBe(0);
});

test("it has what was asked for: limits, a health check, nothing kept, no address but loopback", async () => {
  const { HostConfig, Config } = await lab.engine.getContainer(name).inspect();
  expect(HostConfig.Memory).toBe(512 * 1024 * 1024);
  expect(HostConfig.RestartPolicy?.Name).toBe("unless-stopped");
  expect(Config.Healthcheck?.Test).toEqual(["CMD", "redis-cli", "-h", "127.0.0.1", "-p", "6379", "ping"]);
  expect(HostConfig.PortBindings).toEqual({ "6379/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }] });
  expect(await configured("save")).toBe("");
});

describe("drift is shown by a preview, which changes nothing, and mended by an update:", () => {
  test.each<[string, () => Promise<unknown>]>([
    ["a Redis that was killed", () => lab.engine.getContainer(name).kill()],
    ["a Redis that is paused", () => lab.engine.getContainer(name).pause()],
    ["a container that was removed", () => lab.engine.getContainer(name).remove({ force: true })],
  ])("%s", async (_, damage) => {
    await damage();
    const before = await lab.containers();
    expect((await preview()).code, "preview").not.toBe(0);
    expect(await lab.containers()).toEqual(before);
    const update = await lab.machine(["up", stack]);
    expect(update.code, update.stdout + update.stderr).toBe(0);
    expect(await answer()).toBe(pong);
    expect(await lab.containers()).toEqual([`/${name}`]);
    expect((await preview()).code, "preview after").toBe(0);
  });
});

test("a container that an interrupted update has left, unknown to the state, is in no update's way", async () => {
  const state = await lab.machine(["pulumi", "stack", "export", "--stack", stack]);
  const { deployment, ...rest } = JSON.parse(state.stdout);
  const resources = deployment.resources.filter(
    ({ urn }: { urn: string }) => !/::coop-(redis-container|verification)$/.test(urn),
  );
  const file = join(lab.folder, "state.json");
  writeFileSync(file, JSON.stringify({ ...rest, deployment: { ...deployment, resources } }));
  expect((await lab.machine(["pulumi", "stack", "import", "--file", file, "--stack", stack])).code).toBe(0);
  const update = await lab.machine(["up", stack]);
  expect(update.code, update.stdout + update.stderr).toBe(0);
  expect(await lab.containers()).toEqual([`/${name}`]);
});

test("where somebody has its port on the machine, doctor says that it is not reached there", async () => {
  const container = lab.engine.getContainer(name);
  await container.stop();
  await expect.poll(() => answer(), { timeout: 10_000 }).toBe(undefined);
  const other = createServer((socket) => socket.resume().end("this is no Redis\r\n"));
  await once(other.listen(port, "127.0.0.1"), "listening");
  try {
    await container.start();
    const doctor = async () => (await lab.machine(["doctor", stack])).stdout;
    await expect
      .poll(doctor, { timeout: 20_000 })
      .toContain(
        `services   127.0.0.1:${port} is taken on this machine, so the engine's Redis is not reached`,
      );
  } finally {
    await once(other.close(), "close");
  }
  await expect.poll(() => answer(), { timeout: 10_000 }).toBe(pong);
  expect((await preview()).code).toBe(0);
});

test("moved to another port, it is there, and nowhere else, and stays the stack's own", async () => {
  const before = port;
  port = await freePort();
  lab.configure(stack, { redisPort: port });
  const update = await lab.machine(["up", stack]);
  expect(update.code, update.stdout).toBe(0);
  expect(await answer()).toBe(pong);
  expect(await answer(before)).toBe(undefined);
  expect((await preview()).code).toBe(0);
});

describe("a second stack", () => {
  let other: string;
  beforeAll(async () => {
    other = await lab.makeStack(withRedis(await freePort(), { cooperbenchDir: join(lab.folder, "other") }));
  });

  test("fails where the name is taken and the address is another, says why, and goes on with the images", async () => {
    const { code, stdout } = await lab.machine(["up", other]);
    expect(code).not.toBe(0);
    expect(stdout).toContain(
      `there is a container ${name} of stack ${stack} (running), and no Redis answers at`,
    );
    expect(stdout).toContain("1/1 images verified");
  });

  test("finds the first one's Redis, and leaves it at destroy", async () => {
    lab.configure(other, { redisPort: port });
    const update = await lab.machine(["up", other]);
    expect(update.code, update.stdout).toBe(0);
    expect(await coopOf(other)).toMatchObject({ redis: `127.0.0.1:${port}`, redisOwn: false });
    expect((await lab.machine(["destroy", other])).code).toBe(0);
    expect(await answer()).toBe(pong);
    expect((await preview()).code).toBe(0);
  });
});

test("turned off, a stack takes its own Redis away; one that another has started is used, and left", async () => {
  lab.configure(stack, { coop: false });
  expect((await lab.machine(["up", stack])).code).toBe(0);
  expect(await lab.containers()).toEqual([]);
  expect(await coopOf(stack)).toBeFalsy();

  const { redisServer, env } = await findTools(() => {});
  const mine = spawn(redisServer, ["--port", String(port), "--bind", "127.0.0.1"], { env, cwd: lab.folder });
  try {
    await expect.poll(() => answer(), { timeout: 10_000 }).toBe(pong);
    lab.configure(stack, { coop: true });
    expect((await lab.machine(["up", stack])).code).toBe(0);
    expect(await lab.containers()).toEqual([]);
    expect(await coopOf(stack)).toMatchObject({ redisOwn: false });
    expect((await preview()).code).toBe(0);
    expect(await answer()).toBe(pong);
  } finally {
    mine.kill();
    // Until then it holds the port.
    await once(mine, "exit");
  }
});

test("a port that somebody else has is told before an update, by doctor, too, and left to whoever has it", async () => {
  const other = createServer((socket) => socket.resume().end("this is no Redis\r\n"));
  await once(other.listen(port, "127.0.0.1"), "listening");
  try {
    const taken = `127.0.0.1:${port} is taken: it answers a PING with "this is no Redis"`;
    const doctor = await lab.machine(["doctor", stack]);
    expect(doctor.stdout).toContain(`services   ${taken}`);
    expect(doctor.stdout).toContain(`./machine set ${stack} redisPort 6380`);
    const update = await lab.machine(["up", stack]);
    expect(update.stderr).toContain(taken);
    expect(update.code).not.toBe(0);
    expect(await lab.containers()).toEqual([]);
  } finally {
    await once(other.close(), "close");
  }
});

test("once the other is gone, the stack starts its own again, of the digest and in the network that are set; it goes at destroy, its image stays", async () => {
  const { digest } = readImagesLock(lab.rehearsal.imagesLock).images["redis:alpine"] ?? {};
  lab.configure(stack, { redisImage: `redis:7@${digest}`, redisNetwork: "host" });
  await expect.poll(() => answer(), { timeout: 10_000 }).toBe(undefined);
  expect((await preview()).code).not.toBe(0);
  const update = await lab.machine(["up", stack]);
  expect(update.code, update.stdout).toBe(0);
  expect(await lab.containers()).toEqual([`/${name}`]);
  expect((await lab.engine.getContainer(name).inspect()).HostConfig.NetworkMode).toBe("host");
  expect(await configured("bind")).toBe("127.0.0.1");
  expect(await answer()).toBe(pong);
  expect((await preview()).code).toBe(0);
  expect((await lab.machine(["pulumi", "destroy", "--yes", "--stack", stack])).code).toBe(0);
  expect(await lab.containers()).toEqual([]);
  expect(await answer()).toBe(undefined);
  expect(await lab.references()).toContain("redis:7");
});
