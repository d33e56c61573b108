import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pingRedis, pong } from "../../provision/engine/redis-ping.ts";
import { forward } from "../../rehearsal/forward.ts";
import { freePort, isFree } from "../../rehearsal/free-port.ts";
import { ask } from "../../rehearsal/http.ts";
import { inNetwork } from "../../rehearsal/network.ts";
import { findProcesses } from "../../rehearsal/processes.ts";
import {
  isReady,
  type Rehearsal,
  rehearsalAt,
  rehearsalPorts,
  removeRehearsal,
  startRehearsal,
} from "../../rehearsal/rehearsal.ts";
import { findTools, type Tools } from "../../rehearsal/tools.ts";
import { run } from "./command.ts";
import { FakeMachine } from "./fake-machine.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
const r = lab.rehearsal;
let tools: Tools;

beforeAll(async () => {
  tools = await findTools(() => {});
  await startRehearsal(r, () => {});
  await pull(lab.engine, "redis:alpine");
});
afterAll(() => lab.close());

async function pull(engine: Docker, image: string): Promise<void> {
  const stream = await engine.pull(image);
  await new Promise<void>((resolve, reject) =>
    engine.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
  );
}

const redis = ["redis-server", "--save", "", "--protected-mode", "no"];

/** Starts a Redis whose port is published at the machine's loopback. */
async function publish(engine: Docker, port: number): Promise<Docker.Container> {
  const container = await engine.createContainer({
    Image: "redis:alpine",
    Cmd: redis,
    ExposedPorts: { "6379/tcp": {} },
    HostConfig: { PortBindings: { "6379/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }] } },
  });
  await container.start();
  return container;
}

const answer = (port: number) => pingRedis({ host: "127.0.0.1", port });
const answers = (port: number) => expect.poll(() => answer(port), { timeout: 10_000 });
const service = (rehearsal: Rehearsal, name: string) =>
  Number(readFileSync(join(rehearsal.dir, "run", `${name}.pid`), "utf8"));
const services = ["dockerd", "registry", "network", "relay"];
const namespaceOf = (pid: number | "self") => readlinkSync(`/proc/${pid}/ns/net`);

/** Whether a process runs: one that has ended may wait for its parent to take note. */
function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Ends processes as a crash does, and returns when they are gone. */
async function crash(...pids: readonly number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await expect.poll(() => pids.filter(runs), { timeout: 5000 }).toEqual([]);
}

describe("a machine with an engine of the user's", () => {
  let machine: FakeMachine;
  let page: string;
  const other = rehearsalAt(join(lab.folder, "other"));

  beforeAll(async () => {
    page = mkdtempSync(join(tmpdir(), "page-"));
    writeFileSync(join(page, "index.html"), "the user's");
    machine = await FakeMachine.make(tools, page);
  });
  afterAll(async () => {
    await removeRehearsal(other, () => {});
    machine.end();
    rmSync(page, { recursive: true, force: true });
  });

  /** `./machine rehearsal VERB` on that machine. */
  const rehearsal = async (verb: string) => {
    const [file, ...args] = machine.command([join(import.meta.dirname, "../../machine"), "rehearsal", verb]);
    const ended = await lab.run(file, args, { COOPERBENCH_REHEARSAL_DIR: other.dir });
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
    return ended.stdout;
  };

  test("is the same before, while and after a rehearsal, and the container there serves throughout", async () => {
    await expect.poll(() => machine.page().catch(String), { timeout: 5000 }).toBe("the user's");
    const before = await machine.look(other.dir);
    const failures: unknown[] = [];
    let done = false;
    const watch = (async () => {
      while (!done) {
        const served = await machine.page().catch(String);
        if (served !== "the user's") failures.push(served);
        await setTimeout(100);
      }
    })();
    const unchanged = async (when: string) => expect(await machine.look(other.dir), when).toEqual(before);

    await rehearsal("start");
    await unchanged("started");
    const engine = new Docker({ socketPath: join(other.dir, "docker.sock") });
    await pull(engine, "redis:alpine");
    const port = await freePort();
    await publish(engine, port);
    await engine.createNetwork({ Name: "one", Driver: "bridge" });
    const ping = [tools.busybox, "sh", "-c", `echo PING | ${tools.busybox} nc 127.0.0.1 ${port}`];
    await expect.poll(() => machine.run(ping).catch(String), { timeout: 10_000 }).toBe("+PONG\r\n");
    expect(await rehearsal("status")).toMatch(new RegExp(`127\\.0\\.0\\.1: .*\\b${port}\\b`));
    await unchanged("in use");
    await crash(service(other, "dockerd"));
    await unchanged("its engine killed");
    await rehearsal("start");
    await unchanged("started again");
    await rehearsal("stop");
    await unchanged("stopped");
    done = true;
    await watch;
    expect(failures).toEqual([]);
  });
});

describe("what listens in the rehearsal", () => {
  test("is at the machine's loopback, at the same port, as long as it listens", async () => {
    const port = await freePort();
    const container = await publish(lab.engine, port);
    await answers(port).toBe(pong);
    expect((await rehearsalPorts(r))?.open).toContain(port);
    await container.kill();
    await answers(port).toBe(undefined);
    await container.remove();
  });

  test("in the engine's own network is so, too; at another address than loopback it is not", async () => {
    const [loopback, elsewhere] = [await freePort(), await freePort()];
    const start = async (address: string, port: number) => {
      const container = await lab.engine.createContainer({
        Image: "redis:alpine",
        Cmd: [...redis, "--bind", address, "--port", String(port)],
        HostConfig: { NetworkMode: "host", AutoRemove: true },
      });
      await container.start();
      return container;
    };
    const containers = [await start("127.0.0.1", loopback), await start("172.17.0.1", elsewhere)];
    await answers(loopback).toBe(pong);
    expect(await answer(elsewhere)).toBe(undefined);
    for (const container of containers) await container.kill();
    await answers(loopback).toBe(undefined);
  });

  test("at a port that somebody on the machine has is told, and reached when that is free", async () => {
    const port = await freePort();
    const theirs = createServer((socket) => socket.resume().end("theirs\r\n"));
    await new Promise<void>((resolve) => theirs.listen(port, "127.0.0.1", resolve));
    const container = await publish(lab.engine, port);
    await expect.poll(async () => (await rehearsalPorts(r))?.taken, { timeout: 5000 }).toEqual([port]);
    expect(await answer(port)).toBe("theirs");
    const { stdout } = await lab.machine(["rehearsal", "status"]);
    expect(stdout).toContain(`127.0.0.1:${port} is taken on this machine`);
    expect(readFileSync(join(r.dir, "log", "relay.log"), "utf8")).toContain(`127.0.0.1:${port} is taken`);
    await new Promise((resolve) => theirs.close(resolve));
    await answers(port).toBe(pong);
    await container.remove({ force: true });
  });
});

test("the port that is kept for a Redis is another, once somebody on the machine has it", async () => {
  const before = r.redisPort() ?? 0;
  expect(await isFree(before)).toBe(true);
  // The stack's own Redis keeps it.
  const container = await publish(lab.engine, before);
  await answers(before).toBe(pong);
  expect(await isReady(r)).toBe(true);
  await container.remove({ force: true });
  await answers(before).toBe(undefined);

  const theirs = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => theirs.listen(before, "127.0.0.1", resolve));
  try {
    expect(await isReady(r)).toBe(false);
    await startRehearsal(r, () => {});
    expect(await isReady(r)).toBe(true);
    expect(r.redisPort()).not.toBe(before);
  } finally {
    theirs.close();
  }
});

test("what listens on the machine is reached from the rehearsal where it is forwarded, and else nothing is", async () => {
  const server = createServer((socket) => socket.end("the machine's"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const read = async () => {
    const command = [tools.busybox, "nc", "-w", "2", "127.0.0.1", String(port)] as const;
    return run(inNetwork(r.dir, command), { input: "" }).catch(() => "refused");
  };
  expect(await read()).toBe("refused");
  const held = await forward(r.dir, port);
  expect(await read()).toBe("the machine's");
  await expect(forward(r.dir, port)).rejects.toThrow(
    /cannot reach 127\.0\.0\.1:\d+ of this machine: .*EADDRINUSE/,
  );
  // It is no port of the rehearsal's, to be opened on the machine, where that would be tried within moments.
  const another = await publish(lab.engine, await freePort());
  await expect.poll(async () => (await rehearsalPorts(r))?.open.length, { timeout: 10_000 }).toBe(2);
  expect((await rehearsalPorts(r))?.taken).toEqual([]);
  await another.remove({ force: true });
  held.close();
  await expect.poll(read, { timeout: 5000 }).toBe("refused");
  server.close();
});

describe("after a kill, the next start has it whole again:", () => {
  test("of the engine, in the same network", async () => {
    const network = namespaceOf(service(r, "network"));
    await crash(service(r, "dockerd"));
    expect(await isReady(r)).toBe(false);
    await startRehearsal(r, () => {});
    expect(await isReady(r)).toBe(true);
    expect(namespaceOf(service(r, "dockerd"))).toBe(network);
    expect(namespaceOf(service(r, "registry"))).toBe(network);
  });

  test("of the outer end, with the engine as it was", async () => {
    const before = service(r, "dockerd");
    await crash(service(r, "relay"));
    expect(await isReady(r)).toBe(false);
    await startRehearsal(r, () => {});
    expect(await isReady(r)).toBe(true);
    expect(service(r, "dockerd")).toBe(before);
  });

  test("of what holds the network, in a new one", async () => {
    await crash(service(r, "network"));
    await expect.poll(() => runs(service(r, "relay")), { timeout: 5000 }).toBe(false);
    expect(await isReady(r)).toBe(false);
    await startRehearsal(r, () => {});
    expect(await isReady(r)).toBe(true);
    const networks = services.slice(0, 3).map((name) => namespaceOf(service(r, name)));
    expect(new Set(networks).size).toBe(1);
    expect(networks[0]).not.toBe(namespaceOf("self"));
  });

  test("of all of it, of which no network and no mount is left meanwhile, and a container still runs", async () => {
    const container = await publish(lab.engine, await freePort());
    const network = namespaceOf(service(r, "network"));
    const { Pid: pid } = (await container.inspect()).State;
    const all = [...new Set([...services.map((name) => service(r, name)), ...findProcesses(r.dir)])];
    await crash(...all);
    const holders = (await run(["sh", "-c", "readlink /proc/[0-9]*/ns/net || true"])).split("\n");
    expect(holders).not.toContain(network);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(r.dir);
    expect(runs(pid)).toBe(true);
    await startRehearsal(r, () => {});
    expect(await isReady(r)).toBe(true);
    expect(runs(pid)).toBe(false);
    await lab.engine.getContainer(container.id).remove({ force: true });
  });
});

test("an engine of an older version, in the machine's own network, is ended and started anew in one of its own", async () => {
  // What an older version runs: engine and registry, recorded, and no more.
  await crash(service(r, "network"));
  const [pid] = findProcesses(r.dir).filter((one) => one === service(r, "registry"));
  await crash(pid as number);
  const { startService } = await import("../../rehearsal/processes.ts");
  startService(r.dir, "registry", [tools.registry, "serve", join(r.dir, "registry.yml")], tools.env);
  const port = Number(new URL(r.registryUrl() ?? "").port);
  const registryAnswers = () =>
    ask({ host: "127.0.0.1", port, path: "/v2/" }).then(
      ({ status }) => status,
      () => undefined,
    );
  await expect.poll(registryAnswers, { timeout: 10_000 }).toBe(200);
  const old = service(r, "registry");
  expect(namespaceOf(old)).toBe(namespaceOf("self"));
  expect(await isReady(r)).toBe(false);
  await startRehearsal(r, () => {});
  expect(await isReady(r)).toBe(true);
  expect(runs(old)).toBe(false);
  expect(namespaceOf(service(r, "registry"))).toBe(namespaceOf(service(r, "network")));
});

describe("what a network needs:", () => {
  const script = join(import.meta.dirname, "../../rehearsal/network.sh");
  const begin = (isolated: boolean, busybox: string, iptables: string) => {
    const arguments_ = ["sh", script, namespaceOf("self"), busybox, iptables, "echo", "begun"];
    return run(isolated ? ["unshare", "--net", "--", ...arguments_] : arguments_, {
      env: tools.env,
    });
  };

  test("a kernel that lacks bridges or NAT is told by name", async () => {
    await expect(begin(true, tools.busybox, "false")).rejects.toThrow(
      /a kernel that has NAT \(iptables\) in a/,
    );
    const noBridge = join(lab.folder, "busybox");
    writeFileSync(noBridge, `#!/bin/sh\ncase "$*" in *probe*) exit 1 ;; esac\n`, { mode: 0o755 });
    await expect(begin(true, noBridge, tools.iptables)).rejects.toThrow(
      /a kernel that has bridges in a network/,
    );
    expect(await begin(true, tools.busybox, tools.iptables)).toBe("begun\n");
  });

  test("the machine's own is refused, and left as it is", async () => {
    await expect(begin(false, tools.busybox, tools.iptables)).rejects.toThrow(
      /machine's own network, and it is left/,
    );
  });
});

test("two side by side have two networks, and a port for Redis each", async () => {
  const second = rehearsalAt(join(lab.folder, "second"));
  try {
    await startRehearsal(second, () => {});
    expect([await isReady(r), await isReady(second)]).toEqual([true, true]);
    expect(namespaceOf(service(second, "network"))).not.toBe(namespaceOf(service(r, "network")));
    expect(second.redisPort()).toEqual(expect.any(Number));
    expect(second.redisPort()).not.toBe(r.redisPort());
  } finally {
    await removeRehearsal(second, () => {});
  }
  expect(await isReady(r)).toBe(true);
});
