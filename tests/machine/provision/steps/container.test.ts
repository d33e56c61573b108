import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../../../../lib/run.ts";
import { requestVariable } from "../../../../provision/steps/contract.ts";
import { probeLabel } from "../../../../provision/steps/probe.ts";
import { temporaryFolder } from "../../../temporary-folder.ts";

const commit = "c".repeat(40);
const id = `sha256:${"a".repeat(64)}`;

/** What an engine is asked to create. */
interface Asked {
  readonly name: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly HostConfig: object;
  readonly Image: string;
}

/** An engine whose one image's containers say `prints`, and run until they are removed, or end with `code` at once. */
class Engine {
  readonly asked: Asked[] = [];
  readonly containers = new Map<
    string,
    Asked & { readonly ended: Promise<number>; end(code: number): void }
  >();
  /** Milliseconds that it takes to create a container, whether who asked is still there or not. */
  createMs = 0;
  prints = `probe commit ${commit}\nprobe runner ${"1".repeat(40)}\nprobe changed 2\nprobe lost cargo rustc\nprobe end\n`;
  code: number | undefined = 0;
  /** Its refusal to start one. */
  refusal: string | undefined;
  image: object = { Id: id, RepoTags: ["a/b:c"], RepoDigests: [], Os: "linux", Architecture: "amd64" };

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://engine");
    const [, what = "", name = "", verb = ""] = url.pathname.split("/").map(decodeURIComponent);
    const json = (status: number, content: object = {}) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(content));
    if (what === "images") return void json(200, this.image);
    if (name === "create") {
      const asked = { ...JSON.parse(await text(request)), name: url.searchParams.get("name") } as Asked;
      this.asked.push(asked);
      await delay(this.createMs);
      const { promise: ended, resolve: end } = Promise.withResolvers<number>();
      this.containers.set(asked.name, { ...asked, ended, end });
      return void json(201, { Id: asked.name });
    }
    const container = this.containers.get(name);
    if (container === undefined) return void json(404, { message: `No such container: ${name}` });
    if (verb === "json") return void json(200, { Config: { Labels: container.Labels } });
    if (verb === "start") {
      if (this.refusal !== undefined) return void json(400, { message: this.refusal });
      if (this.code !== undefined) container.end(this.code);
      return void response.writeHead(204).end();
    }
    if (verb === "attach") {
      const frame = Buffer.alloc(8);
      frame.writeUInt8(1, 0);
      frame.writeUInt32BE(Buffer.byteLength(this.prints), 4);
      response.writeHead(200, { "Content-Type": "application/vnd.docker.raw-stream" });
      response.flushHeaders();
      await container.ended;
      return void response.end(Buffer.concat([frame, Buffer.from(this.prints)]));
    }
    if (verb === "wait") return void json(200, { StatusCode: await container.ended });
    this.containers.delete(name);
    container.end(137);
    response.writeHead(204).end();
  }
}

let folder: string;
let engine: Engine;
let server: Server;
beforeEach(async () => {
  folder = temporaryFolder("container-");
  engine = new Engine();
  server = createServer((request, response) => void engine.answer(request, response));
  await new Promise<void>((resolve) => server.listen(join(folder, "docker.sock"), resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Runs a probe in a process group of its own, as the command plugin does, and without a docker command. */
async function probe(timeoutSeconds: number, abort?: AbortSignal, more = {}) {
  const request = {
    ...{ owner: { stack: "lab-1" }, image: "a/b:c", container: "probe-of-a-test", timeoutSeconds },
    ...{ dockerHost: `unix://${folder}/docker.sock`, baseCommit: commit, ...more },
  };
  const { code, stdout, stderr } = await run(process.execPath, ["provision/main.ts", "probe", "make"], {
    cwd: resolve(import.meta.dirname, "../../../.."),
    ownSession: true,
    env: { PATH: folder, [requestVariable]: JSON.stringify(request) },
    ...(abort && { abort }),
  });
  return { code, stdout, said: code === 0 ? stderr : stderr + stdout };
}

/** The process that has asked for a container. */
const asker = () => Number(engine.asked[0]?.Labels["cooperbench-machine.maker"]?.split("-")[3]);

test("a probe tells what it has found, and leaves no container", async () => {
  const { stdout, said } = await probe(60);
  expect(said).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    ...{ image: "a/b:c", imageId: id, digest: "", platform: "linux/amd64", commit },
    ...{ runner: "1".repeat(40), changedFiles: 2, lostPrograms: ["cargo", "rustc"] },
  });
  expect([...engine.containers.keys()]).toEqual([]);
});

test("its container has no network and few processes, is started as an agent is, and says whose it is and who made it", async () => {
  await probe(60);
  const [asked] = engine.asked;
  expect(asked).toMatchObject({
    Image: "a/b:c",
    Entrypoint: ["/bin/bash"],
    WorkingDir: "/workspace/repo",
    HostConfig: {
      NetworkMode: "none",
      CapDrop: ["ALL"],
      CapAdd: ["DAC_OVERRIDE", "FOWNER", "CHOWN"],
      SecurityOpt: ["no-new-privileges"],
      PidsLimit: 64,
    },
  });
  expect(asked?.Labels).toEqual({
    [probeLabel]: asked?.name,
    "cooperbench-machine.stack-id": "lab-1",
    "cooperbench-machine.maker": expect.stringMatching(/^[0-9a-z]+-[0-9a-f]+-\d+-\d+-\d+$/),
  });
});

test("a probe that is interrupted before its container is there leaves none", async () => {
  Object.assign(engine, { createMs: 500, code: undefined });
  const ended = probe(60);
  await expect.poll(() => engine.asked.length, { timeout: 10_000, interval: 10 }).toBe(1);
  expect(engine.containers.size).toBe(0);
  process.kill(-asker(), "SIGTERM");
  const { code, said } = await ended;
  expect(said).toContain("it was interrupted");
  expect(code).toBe(1);
  expect(engine.containers.size).toBe(0);
});

test("a probe that is interrupted while its container runs leaves none", async () => {
  engine.code = undefined;
  const ended = probe(60);
  await expect.poll(() => engine.containers.size, { timeout: 10_000, interval: 10 }).toBe(1);
  process.kill(-asker(), "SIGTERM");
  expect((await ended).said).toContain("it was interrupted");
  expect(engine.containers.size).toBe(0);
});

test("a probe that reaches its time limit leaves none", async () => {
  engine.code = undefined;
  const { code, said } = await probe(0.2);
  expect(said).toContain("did not answer within 0.2 s and was removed");
  expect(code).toBe(1);
  expect(engine.containers.size).toBe(0);
});

test("one that is killed leaves a container that says which process made it", async () => {
  engine.code = undefined;
  const kill = new AbortController();
  const ended = probe(60, kill.signal);
  await expect.poll(() => engine.containers.size, { timeout: 10_000, interval: 10 }).toBe(1);
  kill.abort();
  await ended;
  const [left] = engine.containers.values();
  expect(left?.Labels["cooperbench-machine.maker"]).toBeDefined();
});

test("two probes of one setting, as of two stacks of one name, have containers of their own", async () => {
  await Promise.all([probe(60), probe(60)]);
  const names = engine.asked.map(({ name }) => name);
  expect(new Set(names).size).toBe(2);
  for (const name of names) expect(name).toMatch(/^probe-of-a-test-[0-9a-f]{12}$/);
  expect(engine.containers.size).toBe(0);
});

const lock = { digest: `sha256:${"d".repeat(64)}`, imageId: id, platform: "linux/amd64" };
const locked = { Id: id, RepoDigests: [`a/b@${lock.digest}`], Os: "linux", Architecture: "amd64" };
test.each([
  ["an exit code", { code: 3 }, {}, /its container ended with 3: it printed nothing\nFix: /],
  [
    "an engine that does not start it",
    { refusal: "no bin/sh" },
    {},
    /its container ended with 125: .*no bin\/sh/,
  ],
  ["another platform", { refusal: "exec format error" }, {}, /for a platform that the engine does not run/],
  [
    "another commit",
    { prints: "probe fault commit other\n" },
    {},
    /at commit other, the task's base commit is c+\n/,
  ],
  [
    "no repository",
    { prints: "probe fault no-repository\n" },
    {},
    /it has no \/workspace\/repo\nFix: [\s\S]*rmi/,
  ],
  [
    "what ends before its end",
    { prints: `probe commit ${commit}\n` },
    {},
    /its container ended before its end\n/,
  ],
  [
    "no bash",
    { refusal: 'exec: "/bin/bash": stat /bin/bash: no such file or directory: unknown' },
    {},
    /it has no \/bin\/bash, which starts an agent\nFix: [\s\S]*rmi/,
  ],
  [
    "the image of the lock that is wrong, whose remedy is another lock",
    { prints: "probe fault commit other\n", image: locked },
    { locked: lock },
    /at commit other, .*\nFix: it is the image of the lock, sha256:d+[\s\S]*lock --check/,
  ],
  [
    "another image",
    {},
    { locked: { ...lock, imageId: lock.digest } },
    /its tag is at image sha256:a+, the lock has sha256:d+\n/,
  ],
  [
    "another platform than the lock's",
    {},
    { locked: { ...lock, platform: "linux/s390x" } },
    /it is for linux\/amd64, the lock has/,
  ],
  [
    "a digest that the engine has otherwise",
    { image: { Id: id, RepoDigests: [`a/b@sha256:${"e".repeat(64)}`], Os: "linux", Architecture: "amd64" } },
    { locked: lock },
    /it is image sha256:a+ with digest sha256:e+, but the lock has sha256:a+ with sha256:d+: one of the two in the lock/,
  ],
])("%s fails the probe", async (_, how, more, message) => {
  Object.assign(engine, how);
  expect((await probe(60, undefined, more)).said).toMatch(message);
  expect(engine.containers.size).toBe(0);
});

test("an engine that is not there is named", async () => {
  const { code, said } = await probe(60, undefined, { dockerHost: `unix://${folder}/nobody.sock` });
  expect(said.trim()).toMatch(
    /^the engine at unix:\S+nobody.sock does not answer \(connect ENOENT \S+\)\nFix: /,
  );
  expect(code).toBe(1);
});
