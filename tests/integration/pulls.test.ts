import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { formatImagesLock, type ImagesLock, readImagesLock } from "../../benchmark/images-lock.ts";
import { standInCommits } from "../../benchmark/stand-ins.ts";
import { usesContainerd } from "../../provision/engine/store.ts";
import { startEngine } from "../../rehearsal/engine.ts";
import { forward } from "../../rehearsal/forward.ts";
import { makeLayer } from "../../rehearsal/layer.ts";
import { publishImage } from "../../rehearsal/publish.ts";
import { startRehearsal } from "../../rehearsal/rehearsal.ts";
import { type SharedLayers, sharedLayers } from "../../rehearsal/shared-layers.ts";
import { standIn } from "../../rehearsal/stand-in-image.ts";
import { readTasks } from "../../rehearsal/tasks.ts";
import { findTools, type Tools } from "../../rehearsal/tools.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { Lab } from "./lab.ts";

const repository = "akhatua/cooperbench-go-chi";
const references = [26, 27, 56].map((id) => `${repository}:task${id}`);
const [image = "", neighbour = ""] = references;
/** Of each stand-in, so that a fault has something to interrupt. */
const payloadBytes = 3_000_000;

const lab = new Lab();
let registry: string;
let tools: Tools;
let shared: SharedLayers;
let proxy: FaultProxy;
let stack: string;
let lock: ImagesLock;
let lockFile: string;
let dockerHost: string;
/** Whether the engine keeps images with containerd: their id is their digest then, and not that of their configuration. */
let isContainerds: boolean;

function locked(reference: string) {
  const entry = lock.images[reference];
  if (entry === undefined) throw new Error(`the lock has no ${reference}`);
  return entry;
}

/** What the engine's references are when all is well: tags, and the digests they were pulled by from Docker Hub. */
const allTagged = async () => (await lab.references()).filter((name) => !name.includes("@"));

function taskOf(reference: string) {
  const task = readTasks().find(({ image }) => image === reference);
  if (task === undefined) throw new Error(`no task has ${reference}`);
  return task;
}

/** A layer with a shell for a machine that the engine does not run on: byte 18 of an ELF file names it. */
function foreignBash() {
  const bytes = readFileSync(tools.busybox);
  bytes.writeUInt16LE(bytes.readUInt16LE(18) === 0xb7 ? 0x3e : 0xb7, 18);
  return makeLayer([
    { path: "bin", type: "directory" },
    { path: "bin/bash", type: "file", mode: 0o755, bytes },
  ]);
}

/** Publishes a stand-in under its task's reference, and gives the lock's entry for it. */
async function publish(reference: string, layers: SharedLayers, options = {}, architecture?: string) {
  const { spec } = await standIn(taskOf(reference), layers, options);
  const published = await publishImage(registry, { ...spec, ...(architecture && { architecture }) });
  return { ...published, lockedAt: new Date().toISOString() };
}

let fresh = 0;
/**
 * Locks an image to one that this engine has never asked for, of which it can know nothing from before: containerd's store
 * keeps the layers of what was removed, for a while.
 * Gives the requests for its manifest, and for the layer that only it has.
 */
async function lockFresh(reference: string) {
  fresh += 1;
  const entry = await publish(reference, shared, { payloadBytes: payloadBytes + fresh });
  writeFileSync(lockFile, formatImagesLock({ images: { ...lock.images, [reference]: entry } }));
  return {
    manifest: new RegExp(`/manifests/${entry.digest}$`),
    layer: new RegExp(`/blobs/${Object.keys(entry.layers).at(-1)}`),
  };
}

/** Makes an image of the user's own, under the name mine:1. */
async function makeMine(): Promise<void> {
  const container = await lab.engine.createContainer({ Image: neighbour, Cmd: ["true"] });
  await container.commit({ repo: "mine", tag: "1" });
  await container.remove();
}

const up = () => lab.machine(["up", stack]);

beforeAll(async () => {
  await startRehearsal(lab.rehearsal, () => {}, { payloadBytes });
  tools = await findTools(() => {});
  shared = await sharedLayers(tools);
  lock = readImagesLock(lab.rehearsal.imagesLock);
  lockFile = join(lab.folder, "images.lock.json");
  registry = lab.rehearsal.registryUrl() ?? "";
  proxy = await FaultProxy.before(registry);
  await forward(lab.rehearsal.dir, Number(proxy.host.split(":")[1]));
  // By another path to its socket the engine is no rehearsal to ./machine, which so mends nothing in its registry.
  const socket = join(lab.folder, "engine.sock");
  symlinkSync(join(lab.rehearsal.dir, "docker.sock"), socket);
  dockerHost = `unix://${socket}`;
  isContainerds = usesContainerd(await lab.engine.info());
  stack = await lab.makeStack({
    dockerHost,
    imagesLock: lockFile,
    tasks: ["go_chi_task"],
    pullStallSeconds: 3,
  });
});
beforeEach(async () => {
  proxy.reset();
  await lab.removeImages();
  writeFileSync(lockFile, formatImagesLock(lock));
});
afterEach(async () => {
  expect(await lab.containers(), "containers").toEqual([]);
  expect(
    (await lab.references()).filter((name) => /^127\./.test(name)),
    "names of a mirror",
  ).toEqual([]);
});
afterAll(async () => {
  proxy?.close();
  await lab.close();
});

describe("with a registryMirror, and Docker Hub out of reach,", () => {
  beforeAll(async () => {
    await startEngine(lab.rehearsal.dir, 1, tools);
    lab.configure(stack, { registryMirror: proxy.host });
  });

  test("images come from the mirror by digest, and keep no name of it", async () => {
    const { code, stdout } = await up();
    expect(stdout).toContain("3/3 images verified (0 found, 3 pulled)");
    expect(code).toBe(0);
    expect(await allTagged()).toEqual(references);
    expect(proxy.attempts(/manifests/)[0]?.path).toMatch(/sha256:[0-9a-f]{64}$/);
    expect((await lab.machine(["preview", stack, "--expect-no-changes"])).code).toBe(0);
  });

  test("503 twice, then success, takes exactly three attempts", async () => {
    const { manifest } = await lockFresh(image);
    proxy.fail(manifest, 2, { status: 503 });
    const { code, stdout } = await up();
    expect(stdout).toContain("3/3 images verified");
    expect(code).toBe(0);
    expect(proxy.attempts(manifest)).toHaveLength(3);
    expect(stdout).toMatch(
      /go-chi:task26: from 127\.0\.0\.1:\d+: the registry had an internal error \(.*503.*\); .*again in \d+ s \(attempt 2 of 6\)/,
    );
  });

  test("a connection that is cut in the middle of a layer is made anew", async () => {
    const { layer } = await lockFresh(image);
    proxy.fail(layer, 1, { after: 100_000, ends: "cut" });
    const { code, stdout } = await up();
    expect(stdout).toContain("3/3 images verified");
    expect(code).toBe(0);
    expect(proxy.gets(layer)).toHaveLength(2);
  });

  test("a layer that stalls is found within the limit, and pulled again", async () => {
    const { layer } = await lockFresh(image);
    proxy.fail(layer, 1, { after: 100_000, ends: "stall" });
    const { code, stdout } = await up();
    expect(stdout).toContain("3/3 images verified");
    expect(code).toBe(0);
    const [first, second] = proxy.gets(layer);
    const seconds = ((second?.at ?? 0) - (first?.at ?? 0)) / 1000;
    const [, limit] =
      /go-chi:task26: from 127\.0\.0\.1:\d+: the pull stalled \(no byte and no extraction for (\d+) s\); .*again in/.exec(
        stdout,
      ) ?? [];
    // Of the first MiB of a layer containerd's store often says nothing, so that the pull might wait for its turn.
    expect(isContainerds ? ["3", "30"] : ["3"]).toContain(limit);
    expect(seconds).toBeGreaterThan(Number(limit));
  });

  test("a pull that is slow, and moves, is left alone", async () => {
    const { layer } = await lockFresh(image);
    proxy.fail(layer, 1, { slowly: 120 });
    const { code, stdout } = await up();
    expect(code).toBe(0);
    expect(stdout).not.toContain("again in");
    expect(proxy.gets(layer)).toHaveLength(1);
  });

  test("a registry that wants a login gets what docker login has left, by its credential helper", async () => {
    const password = "canary-3c9a51";
    const config = join(lab.folder, "docker-config");
    mkdirSync(config);
    writeFileSync(join(config, "config.json"), JSON.stringify({ credHelpers: { [proxy.host]: "lab" } }));
    const answer = JSON.stringify({ ServerURL: proxy.host, Username: "me", Secret: password });
    writeFileSync(join(config, "docker-credential-lab"), `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 });
    proxy.login("me", password);
    const env = { DOCKER_CONFIG: config, PATH: `${config}:${lab.env.PATH}` };
    const refused = await lab.machine(["up", stack]);
    const { code, stdout } = await lab.machine(["up", stack], env);
    proxy.login("", "");
    expect(refused.stdout).toMatch(/the registry refused the credentials \([\s\S]*docker login/);
    expect(stdout).toContain("3/3 images verified");
    expect(code).toBe(0);
    expect(lab.printed).not.toContain(password);
    const state = await lab.machine(["pulumi", "stack", "export", "--stack", stack]);
    expect(state.stdout).not.toContain(password);
  });

  test("a rate limit is waited for until it resets, while the other images go on", async () => {
    const { manifest } = await lockFresh(image);
    proxy.limit(manifest, 5);
    const { code, stdout } = await up();
    expect(stdout).toContain("3/3 images verified");
    expect(code).toBe(0);
    const attempts = proxy.attempts(manifest);
    const [refused, given] = [attempts[0], attempts.at(-1)];
    expect((given?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThan(5000);
    // containerd's store asks some times more at once, whatever the answer says.
    const more = attempts.slice(1, -1).filter(({ at }) => !isContainerds || at - (refused?.at ?? 0) > 5000);
    expect(more).toEqual([]);
    const [asked] = proxy.attempts(new RegExp(`/manifests/${locked(neighbour).digest}`));
    expect(asked?.at).toBeLessThan((refused?.at ?? 0) + 5000);
    expect(stdout).toMatch(
      /go-chi:task26: from \S+: the registry's rate limit is reached .*again in [567] s/,
    );
  });

  test("what cannot pass is not tried again", async () => {
    const { manifest } = await lockFresh(image);
    proxy.fail(manifest, 9, { status: 401 });
    const { code, stdout } = await up();
    expect(code).not.toBe(0);
    expect(stdout).toContain("2/3 images verified");
    expect(stdout).toMatch(
      /failed: .*go-chi:task26 could not be pulled: from 127\.0\.0\.1:\d+: the registry refused the credentials \(.*\); from Docker Hub: the engine cannot reach the registry \([\s\S]*docker login/,
    );
    expect(proxy.attempts(manifest)).toHaveLength(1);
  });
});

describe("with Docker Hub in reach,", () => {
  beforeAll(async () => {
    await startEngine(lab.rehearsal.dir, Number(new URL(registry).port), tools);
    lab.configure(stack, { registryMirror: "" });
  });

  test("a mirror that is down costs nothing but the way to Docker Hub", async () => {
    lab.configure(stack, { registryMirror: "127.0.0.1:1" });
    const { code, stdout } = await up();
    lab.configure(stack, { registryMirror: "" });
    expect(stdout).toContain("3/3 images verified (0 found, 3 pulled)");
    expect(code).toBe(0);
    expect(await allTagged()).toEqual(references);
  });

  test("an image without a lock entry is pulled by its tag, and that is said", async () => {
    const others = Object.entries(lock.images).filter(([reference]) => reference !== image);
    writeFileSync(lockFile, formatImagesLock({ images: Object.fromEntries(others) }));
    const { stdout } = await up();
    expect(stdout).toMatch(
      /not locked, so pulled by tag, whatever that names today: \S+go-chi:task26\. To lock them: \.\/machine lock/,
    );
    expect(stdout).toContain("3/3 images verified");
    expect(await allTagged()).toEqual(references);
  });

  test("a tag that moves upstream changes nothing until the lock is updated; then it does, and the old image is kept", async () => {
    expect((await up()).code).toBe(0);
    const before = await lab.engine.getImage(image).inspect();
    const moved = await publish(image, shared, { payloadBytes: payloadBytes + 1 });
    const second = await up();
    expect(second.stdout).toContain("3/3 images verified (3 found, 0 pulled); nothing changed");

    writeFileSync(lockFile, formatImagesLock({ images: { ...lock.images, [image]: moved } }));
    expect((await lab.machine(["preview", stack, "--expect-no-changes"])).code).not.toBe(0);
    const third = await up();
    expect(third.code).toBe(0);
    expect(third.stdout).toContain("3/3 images verified (2 found, 1 pulled)");
    const kept = `${image}-replaced-${before.Id.slice("sha256:".length, "sha256:".length + 12)}`;
    expect(third.stdout).toContain(`the image that had this tag before is kept as ${kept}`);
    expect((await lab.engine.getImage(image).inspect()).Id).toBe(
      isContainerds ? moved.digest : moved.imageId,
    );
    expect((await lab.engine.getImage(kept).inspect()).Id).toBe(before.Id);
    expect((await lab.machine(["preview", stack, "--expect-no-changes"])).code).toBe(0);
  });

  test("an image for another platform than the lock's is told, and so is one that the engine cannot run", async () => {
    const images = {
      ...lock.images,
      [image]: {
        ...(await publish(image, shared, {}, "s390x")),
        platform: locked(image).platform,
      },
      [neighbour]: await publish(neighbour, { ...shared, git: await foreignBash() }),
    };
    writeFileSync(lockFile, formatImagesLock({ images }));
    const { code, stdout } = await up();
    expect(code).not.toBe(0);
    expect(stdout).toContain("1/3 images verified");
    expect(stdout).toMatch(
      /failed: .*go-chi:task26 failed its probe: it is for linux\/s390x, the lock has linux\/\S+/,
    );
    expect(stdout).toMatch(
      /failed: .*go-chi:task27 failed its probe: it is for a platform that the engine does not run \(.*exec format error\)/,
    );
  });

  test("entries that were swapped fail the probes, each by the other task's commit", async () => {
    const swapped = { ...lock.images, [image]: locked(neighbour), [neighbour]: locked(image) };
    writeFileSync(lockFile, formatImagesLock({ images: swapped }));
    const { code, stdout } = await up();
    expect(code).not.toBe(0);
    expect(stdout).toContain("1/3 images verified");
    const commits = standInCommits(lab.rehearsal.dir);
    const [of26 = "", of27 = ""] = [commits["go_chi_task/26"], commits["go_chi_task/27"]];
    for (const [tag, at, wanted] of [
      ["task26", of27, of26],
      ["task27", of26, of27],
    ])
      expect(stdout).toMatch(
        new RegExp(
          `failed: .*go-chi:${tag} failed its probe: .* at commit ${at}, the task's base commit is ${wanted}`,
        ),
      );
    const status = await lab.machine(["status", stack]);
    expect(status.code).toBe(1);
    expect(status.stdout).toContain("1/3 are there as they were proved");
  });

  test("an edited entry is verified against by none, and status says so, before and after the update that fails", async () => {
    expect((await up()).code).toBe(0);
    const none = `sha256:${"0".repeat(64)}`;
    const isHalf = /: one of the two in the lock is wrong for this image/;
    // containerd's store knows an image by its digest alone, so that one with another digest is another.
    const ids: readonly (readonly [string, string, RegExp])[] = isContainerds
      ? [["digest", none, /: its tag is at image sha256:\S+, the lock has sha256:0+/]]
      : [
          ["digest", none, isHalf],
          ["imageId", none, isHalf],
        ];
    const edits: typeof ids = [
      ...ids,
      ["platform", "linux/s390x", /: it is for linux\/\S+, the lock has linux\/s390x/],
    ];
    for (const [field, value, says] of edits) {
      const edited = { ...lock.images, [image]: { ...locked(image), [field]: value } };
      writeFileSync(lockFile, formatImagesLock({ images: edited }));
      const status = await lab.machine(["status", stack]);
      expect(status.stdout, field).toContain("1 not what the lock says now: go_chi_task/26");
      expect((await lab.machine(["verify", stack])).stdout, field).toMatch(says);
    }
    expect((await up()).code).not.toBe(0);
    expect((await lab.machine(["status", stack])).code).toBe(1);
  });

  test("a tag that was moved by hand is given back, and the image it was moved to is kept under a name", async () => {
    expect((await up()).code).toBe(0);
    await makeMine();
    const mine = await lab.engine.getImage("mine:1").inspect();
    const [repo = "", tag = ""] = image.split(":");
    await lab.engine.getImage(mine.Id).tag({ repo, tag });
    await lab.engine.getImage("mine:1").remove();
    expect((await lab.machine(["verify", stack])).stdout).toMatch(
      /failed: .*go-chi:task26 failed its probe: its tag is at image sha256:\S+, the lock has sha256:\S+/,
    );
    expect((await lab.machine(["preview", stack, "--expect-no-changes"])).code).not.toBe(0);
    const { code, stdout } = await up();
    expect(code).toBe(0);
    const kept = `${image}-replaced-${mine.Id.slice("sha256:".length, "sha256:".length + 12)}`;
    expect(stdout).toContain(`is kept as ${kept}`);
    expect(await allTagged()).toEqual([...references, kept].sort());
    expect((await lab.machine(["verify", stack])).code).toBe(0);
  });
});
