import { existsSync, mkdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../rehearsal/free-port.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { findTools } from "../../rehearsal/tools.ts";
import { isChroot } from "../integration/chroot.ts";
import { Lab } from "../integration/lab.ts";
import { startPodman } from "./engines/podman.ts";
import { startRootless } from "./engines/rootless.ts";
import type { OtherEngine } from "./engines/service.ts";

if (isChroot)
  console.warn("not tried in a chroot: podman and a rootless engine, which need mounts of their own");

const lab = new Lab();
beforeAll(() => startRehearsal(lab.rehearsal, () => {}));
afterAll(() => lab.close());

const task = "go_chi_task/26";
const image = "akhatua/cooperbench-go-chi:task26";
const clientAt = (dockerHost: string) => new Docker({ socketPath: dockerHost.replace("unix://", "") });

describe.skipIf(isChroot)("podman", () => {
  let podman: OtherEngine;
  beforeAll(async () => {
    podman = await startPodman(join(lab.folder, "podman"), lab.rehearsal);
  });
  afterAll(() => podman?.end());

  test("is refused by name, before anything is changed", async () => {
    const stack = await lab.makeStack({ dockerHost: podman.dockerHost, tasks: [task] });
    const refused =
      /BLOCKER +engine +podman \d+\.\d+\.\d+ answers at unix:\S+podman\/engine\.sock .* needs Docker's own engine.*\n *Fix: install Docker's engine /;
    const doctor = await lab.machine(["doctor", stack]);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(refused);
    const update = await lab.machine(["up", stack]);
    expect(update).toMatchObject({ code: 1, stdout: "" });
    expect(update.stderr).toMatch(/nothing was changed/);
    expect(update.stderr).toMatch(refused);
    expect(existsSync(lab.checkout)).toBe(false);
    expect(await clientAt(podman.dockerHost).listImages()).toEqual([]);
  });

  // Where this fails, Debian has a newer podman: try whole updates, oracles and runs on it before it is let in.
  test("runs an image's entrypoint that an evaluation has cleared, which Docker does not", async () => {
    const { docker } = await findTools(() => {});
    const isRunning = async (dockerHost: string) => {
      const pull = await lab.run(docker, ["-H", dockerHost, "pull", "-q", image]);
      expect(pull.code, pull.stderr).toBe(0);
      // As docker-py asks it with entrypoint="".
      const spec = { Image: image, Entrypoint: [], Cmd: ["sleep", "infinity"] };
      const container = await clientAt(dockerHost).createContainer(spec);
      await container.start();
      await setTimeout(2_000);
      const { State } = await container.inspect();
      await container.remove({ force: true });
      return State.Running;
    };
    expect(await isRunning(lab.rehearsal.dockerHost)).toBe(true);
    expect(await isRunning(podman.dockerHost)).toBe(false);
  });
});

describe.skipIf(isChroot)("a rootless engine, by docker's context,", () => {
  let rootless: OtherEngine;
  let stack: string;
  const config = join(lab.folder, "docker-config");
  const context = { DOCKER_CONFIG: config, DOCKER_CONTEXT: "mine" };
  beforeAll(async () => {
    rootless = await startRootless(join(lab.folder, "rootless"), lab.rehearsal);
    const { docker } = await findTools(() => {});
    mkdirSync(config);
    const create = ["context", "create", "mine", "--docker", `host=${rootless.dockerHost}`];
    expect((await lab.run(docker, create, { DOCKER_CONFIG: config })).code).toBe(0);
    const services = { coop: true, git: true, redisPort: await freePort() };
    stack = await lab.makeStack({ dockerHost: "", tasks: [task], oracleTasks: 1, ...services });
  });
  afterAll(() => rootless?.end());

  const machine = (...args: string[]) => lab.machine(args, context);

  test("is told by name, with what it was found by", async () => {
    const { code, stdout } = await machine("doctor", stack);
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(
      /^ok +engine +Docker \S+, rootless, at unix:\S+rootless\/engine\.sock \(by your docker context mine\): API /,
    );
  });

  test("has images, oracle, Redis and git server as any other", async () => {
    const update = await machine("up", stack);
    expect(update.code, update.stdout + update.stderr).toBe(0);
    expect(update.stdout).toContain("1/1 images verified");
    expect(update.stdout).toContain("1/1 gold patches pass their tests");
    expect((await machine("up", stack)).stdout).toContain("nothing changed");
    const status = await machine("status", stack);
    expect(status.code, status.stdout).toBe(0);
    expect((await machine("env", stack)).stdout).toContain(`export DOCKER_HOST=${rootless.dockerHost}`);
    expect((await machine("destroy", stack, "--yes")).code).toBe(0);
    expect(await clientAt(rootless.dockerHost).listContainers({ all: true })).toEqual([]);
    expect(await clientAt(rootless.dockerHost).listImages()).toContainEqual(
      expect.objectContaining({ RepoTags: [image] }),
    );
  });
});

describe("an engine older than 20.10, which is imitated: Debian has none,", () => {
  const socket = join(lab.folder, "old.sock");
  const answers: Readonly<Record<string, object>> = {
    "/version": { Version: "19.03.15", ApiVersion: "1.40", MinAPIVersion: "1.12" },
    "/info": { Name: "old", OSType: "linux", Architecture: "x86_64", Driver: "overlay2", DockerRootDir: "/" },
    "/images/json": [],
    "/containers/json": [],
  };
  let old: Server;
  beforeAll(async () => {
    old = createServer(({ url = "" }, response) => {
      const answer = answers[url.split("?")[0] ?? ""];
      response.writeHead(answer ? 200 : 404, { "Content-Type": "application/json" });
      response.end(JSON.stringify(answer ?? { message: "this is an imitation" }));
    });
    await new Promise<void>((resolve) => old.listen(socket, resolve));
  });
  afterAll(() => void old.close());

  test("is a warning by name, with the remedy", async () => {
    const stack = await lab.makeStack({ dockerHost: `unix://${socket}`, tasks: [task] });
    for (const command of ["doctor", "status"])
      expect((await lab.machine([command, stack])).stdout).toMatch(
        /warning +engine +Docker 19\.03\.15 at .*API 1\.41[\s\S]*\n *Fix: update Docker to 20\.10 or newer/,
      );
  });
});
