import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { ImagePin } from "../../../../benchmark/images-lock.ts";
import { ImagePulls, type WantedImage } from "../../../../provision/engine/image-pulls.ts";
import { engineImages, isLocked, isThere, nameOf } from "../../../../provision/engine/images.ts";
import { NoAnswer } from "../../../../provision/engine/no-answer.ts";
import {
  engines,
  failing,
  RecordedEngine,
  recording,
  type StoredImage,
  TestClock,
} from "./recorded-engine.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const stored: StoredImage = { imageId: digest("1"), digest: digest("a") };
const other: StoredImage = { imageId: digest("2"), digest: digest("b") };
const locked: ImagePin = { ...stored, platform: "linux/amd64" };
const reference = "a/b:c";
const fromHub = `a/b@${stored.digest}`;
const mirror = "mirror.example";
const fromMirror = `${mirror}/${fromHub}`;
const whole = recording("20.10", "whole");
const stores = ["classic", "containerd"] as const;

let clock: TestClock;
let engine: RecordedEngine;
let said: string[];
let retryAt: Date | undefined;
beforeEach(() => {
  clock = new TestClock();
  engine = new RecordedEngine(clock);
  said = [];
  retryAt = undefined;
  for (const name of [fromHub, fromMirror, reference, `${mirror}/${reference}`]) {
    engine.registry.set(name, stored);
    engine.pulls.set(name, [whole]);
  }
});

/** Pulls images, all at once, from Docker Hub or a mirror before it. Gives why any failed. */
function ensure(images: readonly WantedImage[] = [{ reference, locked }], from = "", stallSeconds = 3) {
  const pulls = new ImagePulls(
    engine.client,
    { mirror: from, stallSeconds },
    {
      follow: () => {},
      say: (reference, text) => said.push(`${reference}: ${text}`),
    },
    {
      clock,
      random: () => 0.5,
      authConfigFor: async () => undefined,
      resetTime: async () => retryAt,
    },
  );
  const all = Promise.all(images.map((image) => pulls.ensure(image)));
  return clock.until(
    all.then(
      () => undefined,
      (error: Error) => error.message,
    ),
  );
}

describe("an image comes", () => {
  test("from Docker Hub by its digest, and gets its reference", async () => {
    expect(await ensure()).toBe(undefined);
    expect(engine.asked).toEqual([fromHub]);
    expect(engine.names.get(reference)).toBe(stored);
  });

  test("by its tag, where it is not locked", async () => {
    expect(await ensure([{ reference }])).toBe(undefined);
    expect(engine.asked).toEqual([reference]);
  });

  test("from the mirror first, and keeps no name of it", async () => {
    expect(await ensure([{ reference, locked }], mirror)).toBe(undefined);
    expect(engine.asked).toEqual([fromMirror]);
    expect([...engine.names.keys()]).toEqual([reference]);
    expect(await ensure([{ reference, locked }], mirror)).toBe(undefined);
    expect(engine.asked).toHaveLength(1);
  });

  test("from Docker Hub where the mirror does not have it", async () => {
    engine.pulls.set(fromMirror, [recording("20.10", "status-404")]);
    expect(await ensure([{ reference, locked }], mirror)).toBe(undefined);
    expect(engine.asked).toEqual([fromMirror, fromHub]);
  });

  test("from the engine's own mirror, by its own name, where Docker Hub is out of reach", async () => {
    engine.mirrors = ["https://own.example/"];
    engine.registry.set(`own.example/${fromHub}`, stored);
    engine.pulls.set(`own.example/${fromHub}`, [whole]);
    engine.pulls.set(fromHub, [failing(new Error("dial tcp: lookup registry-1.docker.io: no such host"))]);
    expect(await ensure()).toBe(undefined);
    expect([...engine.names.keys()]).toEqual([reference]);
  });

  test("and the one that had its reference keeps a name", async () => {
    engine.names.set(reference, other);
    expect(await ensure()).toBe(undefined);
    const kept = `a/b:c-replaced-${"2".repeat(12)}`;
    expect(engine.names.get(kept)).toBe(other);
    expect(said).toEqual([`${reference}: the image that had this tag before is kept as ${kept}`]);
  });
});

describe.each(stores)("on a %s store", (store) => {
  beforeEach(() => {
    const before = engine;
    engine = new RecordedEngine(clock, store);
    for (const [name, image] of before.registry) engine.registry.set(name, image);
    for (const [name, how] of before.pulls) engine.pulls.set(name, how);
  });

  test("one that is there under another name gets its reference, and is not pulled", async () => {
    engine.names.set("mine:1", stored);
    expect(await ensure()).toBe(undefined);
    expect(engine.asked).toEqual([]);
    expect(engine.names.get(reference)).toBe(stored);
  });

  test("one that is pinned by its digest alone, and came from a mirror, is known by it later", async () => {
    const pin = { digest: stored.digest };
    expect(await ensure([{ reference, locked: pin }], mirror)).toBe(undefined);
    const found = engineImages([await engine.client.getImage(reference).inspect()]);
    expect(found.map((image) => isLocked(image, pin))).toEqual([true]);
    expect(await ensure([{ reference, locked: pin }], mirror)).toBe(undefined);
    expect(engine.asked).toEqual([fromMirror]);
  });

  test("what preflight says is there needs no pull, and the other way round", async () => {
    const name = fc.constantFrom(reference, fromHub, `x/y@${other.digest}`, "mine:1", fromMirror);
    const names = fc.dictionary(name, fc.constantFrom(stored, other));
    const pins = [locked, { digest: stored.digest }, { ...locked, digest: other.digest }, undefined];
    await fc.assert(
      fc.asyncProperty(names, fc.constantFrom(...pins), async (names, locked) => {
        const one = new RecordedEngine(clock, store);
        // A digest names the image that has it.
        for (const [name, image] of Object.entries(names))
          one.names.set(name.includes("@") ? `${name.split("@")[0]}@${image.digest}` : name, image);
        const listed = engineImages(await one.client.listImages());
        const found = await nameOf(one.client, { image: reference, locked });
        expect(found !== undefined).toBe(isThere(listed, { image: reference, locked }));
      }),
    );
  });
});

test("an image of a digest that the engine has otherwise is pulled by the lock's", async () => {
  engine.names.set(reference, stored).set(`a/b@${other.digest}`, stored);
  const strange = { ...stored, digest: other.digest };
  engine.names.set(`a/b@${strange.digest}`, stored);
  expect(await ensure()).toBe(undefined);
  expect(engine.asked).toEqual([fromHub]);
});

test("images are asked for one by one: a list of all takes containerd's store seconds", async () => {
  await ensure();
  expect(engine.lists).toBe(0);
});

describe("a pull that fails", () => {
  test.each(engines)("is tried again after a while, where a registry has trouble (%s)", async (version) => {
    const trouble = recording(version, "status-503");
    engine.pulls.set(fromHub, [trouble, trouble, whole]);
    expect(await ensure()).toBe(undefined);
    expect(engine.asked).toHaveLength(3);
    expect(said).toEqual([
      expect.stringMatching(
        /the registry had an internal error \(.*503.*\); again in 2 s \(attempt 2 of 6\)$/,
      ),
      expect.stringMatching(/again in 3 s \(attempt 3 of 6\)$/),
    ]);
    // 1.5 and 3 s.
    expect(clock.now()).toBeGreaterThanOrEqual(4500);
  });

  test.each(engines)("is not tried again where that cannot help (%s)", async (version) => {
    engine.pulls.set(fromHub, [recording(version, "status-401")]);
    const denied = version === "20.10" ? /could not be pulled: unknown: as asked/ : /refused the credentials/;
    expect(await ensure()).toMatch(denied);
    engine.pulls.set(fromHub, [recording(version, "status-404")]);
    expect(await ensure()).toMatch(/the registry has no such image/);
    expect(engine.asked).toHaveLength(2);
  });

  test("is given up after six attempts", async () => {
    engine.pulls.set(fromHub, [recording("26.1", "stall")]);
    expect(await ensure()).toMatch(
      /the pull stalled \(no byte and no extraction for 3 s\)[\s\S]*pullStallSeconds/,
    );
    expect(engine.asked).toHaveLength(6);
  });

  test.each(engines)("waits for a rate limit's reset, and goes on (%s)", async (version) => {
    retryAt = new Date(Date.now() + 600_000);
    engine.pulls.set(fromHub, [recording(version, "status-429"), whole]);
    expect(await ensure()).toBe(undefined);
    expect(clock.now()).toBeGreaterThan(590_000);
  });

  test("is left to the user where the limit resets in hours", async () => {
    retryAt = new Date(Date.now() + 2 * 3_600_000);
    engine.pulls.set(fromHub, [recording("20.10", "status-429")]);
    expect(await ensure()).toMatch(/rate limit is reached.*; the rate limit resets by 20/s);
    expect(engine.asked).toHaveLength(1);
  });

  test("by such a limit is the last: the images that waited for their turn are not asked for", async () => {
    retryAt = new Date(Date.now() + 2 * 3_600_000);
    const images = Array.from({ length: 20 }, (_, at) => ({ reference: `a/b${at}:c` }));
    for (const { reference } of images) engine.pulls.set(reference, [recording("20.10", "status-429")]);
    expect(await ensure(images)).toMatch(/rate limit is reached.*; the rate limit resets by 20/s);
    await clock.until(Promise.resolve());
    expect(engine.asked.length).toBeLessThanOrEqual(6);
  });
});

describe("an engine that is lost", () => {
  const host = "unix:///d.sock";
  test.each([
    "read ECONNRESET",
    "connect ETIMEDOUT 10.0.0.1:2376",
    "write EPIPE",
    "socket hang up",
    "no answer in 60 s",
    "a proxy before it gives 502",
    "connect ECONNREFUSED /d.sock",
    "connect ENOENT /d.sock",
  ])("in the middle is waited for (%s)", async (reason) => {
    engine.pulls.set(fromHub, [failing(new NoAnswer(host, reason)), whole]);
    expect(await ensure()).toBe(undefined);
    expect(engine.asked).toHaveLength(2);
  });

  test("in the middle of a stream is waited for", async () => {
    const cut = whole.slice(0, 20);
    engine.pulls.set(fromHub, [[...cut, { ms: 9000, error: { message: "aborted" } }], whole]);
    expect(await ensure()).toBe(undefined);
    expect(engine.asked).toHaveLength(2);
  });

  test("is not asked for by another registry's name", async () => {
    engine.pulls.set(fromMirror, [failing(new NoAnswer(host, "socket hang up"))]);
    expect(await ensure([{ reference, locked }], mirror)).toMatch(
      /the connection to the Docker engine was lost/,
    );
    expect(engine.asked).toEqual(Array.from({ length: 6 }, () => fromMirror));
  });

  test("and was never there is not waited for", async () => {
    const getImage = () => ({
      inspect: () => Promise.reject(new NoAnswer(host, "connect ENOENT /d.sock")),
    });
    const { client } = engine;
    const gone = new ImagePulls(
      { ...client, getImage } as unknown as typeof client,
      { mirror: "", stallSeconds: 3 },
      { follow: () => {}, say: () => {} },
    );
    await expect(gone.ensure({ reference, locked })).rejects.toThrow(
      /the Docker engine does not answer \(.*ENOENT[\s\S]*start it/,
    );
  });
});

describe("a mirror that hangs", () => {
  const images = [1, 2, 3, 4].map((n) => ({ reference: `a/b:${n}` }));
  beforeEach(() => {
    for (const { reference } of images) {
      engine.pulls.set(`${mirror}/${reference}`, [recording("20.10", "silent-manifest")]);
      engine.pulls.set(reference, [whole]);
      engine.registry.set(reference, { ...stored });
    }
  });

  test("is asked once, and then left out", async () => {
    expect(await ensure(images, mirror, 10)).toBe(undefined);
    expect(engine.asked.filter((name) => name.startsWith(mirror))).toHaveLength(1);
    expect(engine.names.size).toBe(4);
    expect(said).toEqual([`${mirror}: it sends nothing, so this update leaves it out`]);
    // Once the mirror's ten seconds, then the pulls.
    expect(clock.now()).toBeLessThan(15_000);
  });

  test("is named where Docker Hub does not help", async () => {
    for (const { reference } of images) engine.pulls.set(reference, [recording("20.10", "status-404")]);
    expect(await ensure(images, mirror, 10)).toMatch(
      /from mirror\.example: the pull stalled \(no byte and no extraction for 10 s\); from Docker Hub: the registry has no such image/,
    );
  });

  test("is another than one that fails at once, or stalls in the middle: those are asked for each image", async () => {
    for (const name of ["status-503", "stall"]) {
      engine.asked.length = 0;
      engine.names.clear();
      for (const { reference } of images)
        engine.pulls.set(`${mirror}/${reference}`, [recording("20.10", name)]);
      expect(await ensure(images, mirror, 10)).toBe(undefined);
      expect(engine.asked.filter((name) => name.startsWith(mirror))).toHaveLength(4);
    }
  });
});
