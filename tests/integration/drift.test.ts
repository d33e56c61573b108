/** Drift is what the look sees: the provider is asked for nothing that is there, and an engine may go or be another. */
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../rehearsal/free-port.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { Lab } from "./lab.ts";

const lab = new Lab();
const image = "akhatua/cooperbench-go-chi:task26";
const other = "akhatua/cooperbench-pillow:task25";
const redis = "cooperbench-redis";
const git = "cooperbench-git";
let stack: string;
/** The engine by two other names in its rehearsal (stand-ins count nowhere else), each of which can go away. */
let first: EngineName;
let second: EngineName;
let third: EngineName | undefined;

beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {});
  first = await EngineName.at(join(lab.rehearsal.dir, "first.sock"));
  second = await EngineName.at(join(lab.rehearsal.dir, "second.sock"));
  stack = await lab.makeStack({
    dockerHost: first.dockerHost,
    ...{ tasks: ["go_chi_task/26", "pillow_task/25"], coop: true, git: true, redisPort: await freePort() },
  });
  const { code, stdout, stderr } = await lab.machine(["up", stack]);
  if (code !== 0) throw new Error(stdout + stderr);
});
afterAll(async () => {
  await Promise.all([first?.close(), second?.close(), third?.close()]);
  await lab.close();
});

/** A socket that leads to the lab's engine. */
class EngineName {
  readonly dockerHost: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(file: string) {
    this.dockerHost = `unix://${file}`;
    this.#server = createServer((client) => {
      const engine = new Socket().connect(join(lab.rehearsal.dir, "docker.sock"));
      for (const [from, to] of [
        [client, engine],
        [engine, client],
      ] as const) {
        this.#sockets.add(from);
        from.on("error", () => to.destroy()).on("close", () => this.#sockets.delete(from));
        from.pipe(to);
      }
    });
  }

  static async at(file: string): Promise<EngineName> {
    const name = new EngineName(file);
    await new Promise<void>((resolve) => name.#server.listen(file, resolve));
    return name;
  }

  /** The engine is no longer there by this name. */
  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

const pulumi = (...args: string[]) =>
  lab.machine(["pulumi", ...args, "--stack", stack], { PULUMI_EXPERIMENTAL: "1" });
const nothingDiffers = async () => (await lab.machine(["preview", stack, "--expect-no-changes"])).code;
const containerId = async (name: string) => (await lab.engine.getContainer(name).inspect()).Id;
const gone = (name: string) => lab.engine.getContainer(name).remove({ force: true });

/** Loses much at once: images, services, files. */
const lose = {
  async "what is on the engine, and the mode of .env"() {
    await lab.engine.getImage(image).remove({ force: true });
    await lab.engine.getImage("redis:alpine").tag(tagOf(other));
    await Promise.all([gone(redis), gone(git)]);
    await lab.engine.getNetwork("cooperbench").remove();
    chmodSync(lab.dotenv, 0o644);
  },
  async "a service that has ended, and all of .env"() {
    await lab.engine.getContainer(redis).stop({ t: 0 });
    rmSync(lab.dotenv);
  },
};

function tagOf(reference: string) {
  const [repo = "", tag = ""] = reference.split(":");
  return { repo, tag };
}

describe.each(Object.entries(lose))("%s", (_, loses) => {
  test.each(["once", "once more"])(
    "lost %s: a preview's plan can be applied, and nothing differs then",
    async () => {
      await loses();
      const plan = join(lab.folder, "plan.json");
      const previewed = await pulumi("preview", "--save-plan", plan);
      expect(previewed.code, previewed.stdout + previewed.stderr).toBe(0);
      const applied = await pulumi("up", "--yes", "--skip-preview", "--plan", plan);
      expect(applied.code, applied.stdout + applied.stderr).toBe(0);
      expect(applied.stdout).toContain("replaced");
      expect(await nothingDiffers()).toBe(0);
    },
  );
});

test("a refresh by hand changes nothing; what it has found gone is made again", async () => {
  const refreshed = await pulumi("refresh", "--yes");
  expect(refreshed.code, refreshed.stdout + refreshed.stderr).toBe(0);
  expect(await nothingDiffers()).toBe(0);
  await gone(redis);
  await lab.engine.getImage(image).remove({ force: true });
  expect((await pulumi("refresh", "--yes")).code).toBe(0);
  const again = await lab.machine(["up", stack]);
  expect(again.code, again.stdout + again.stderr).toBe(0);
  expect(await nothingDiffers()).toBe(0);
});

describe("an engine", () => {
  let ids: readonly string[];
  beforeEach(async () => {
    ids = [await containerId(redis), await containerId(git)];
  });

  test("that is gone by the name that the state has is not asked: the next name takes its place, and nothing is lost", async () => {
    await first.close();
    lab.configure(stack, { dockerHost: second.dockerHost });
    const moved = await lab.machine(["up", stack]);
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    expect([await containerId(redis), await containerId(git)]).toEqual(ids);
    expect(await nothingDiffers()).toBe(0);
  });

  test("that does not answer keeps a destroy from what it would leave; --forget-engine destroys the rest", async () => {
    await second.close();
    const kept = await lab.machine(["destroy", stack, "--yes"]);
    expect(kept.code).toBe(1);
    expect(kept.stderr).toContain("has services there. Nothing was changed");
    expect(kept.stderr).toContain(`./machine destroy ${stack} --forget-engine`);
    const forgotten = await lab.machine(["destroy", stack, "--yes", "--forget-engine"]);
    expect(forgotten.code, forgotten.stdout + forgotten.stderr).toBe(0);
    expect([await containerId(redis), await containerId(git)]).toEqual(ids);
    const { stdout } = await pulumi("stack", "export");
    expect(JSON.parse(stdout).deployment.resources ?? []).toEqual([]);

    // The engine is back: what was left there is the stack's, and goes before its successors come.
    third = await EngineName.at(join(lab.rehearsal.dir, "third.sock"));
    lab.configure(stack, { dockerHost: third.dockerHost });
    const again = await lab.machine(["up", stack]);
    expect(again.code, again.stdout + again.stderr).toBe(0);
    expect(await nothingDiffers()).toBe(0);
  });
});
