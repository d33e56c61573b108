import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EngineError } from "../../../../provision/engine/client.ts";
import { giveReference, type ImageEngine, identify } from "../../../../provision/engine/images.ts";

const ids = ["sha256:aaaaaaaaaaaaaaaa", "sha256:bbbbbbbbbbbbbbbb", "sha256:cccccccccccccccc"] as const;

/** An engine that has images and their names alone, and lets others go first in every call. */
class Names {
  /** Ids by reference. */
  readonly at: Map<string, string>;
  /** Images that were without a name at some moment. */
  readonly lost = new Set<string>();
  #turn = () => Promise.resolve();

  constructor(names: Readonly<Record<string, string>>, turn?: () => Promise<void>) {
    this.at = new Map(Object.entries(names));
    if (turn) this.#turn = turn;
  }

  get engine(): ImageEngine {
    const getImage = (name: string) => ({
      inspect: async () => {
        await this.#turn();
        const Id = this.at.get(name) ?? ids.find((id) => id === name);
        if (Id === undefined) throw new EngineError(404, "no such image");
        return { Id, RepoTags: this.namesOf(Id) };
      },
      tag: async ({ repo, tag }: { repo: string; tag: string }) => {
        await this.#turn();
        const id = this.at.get(name) ?? name;
        this.at.set(`${repo}:${tag}`, id);
        for (const one of ids) if (this.namesOf(one).length === 0) this.lost.add(one);
      },
    });
    return { getImage } as unknown as ImageEngine;
  }

  namesOf(id: string): string[] {
    return [...this.at].flatMap(([name, of]) => (of === id ? [name] : []));
  }
}

const [a, b, c] = ids;

test("an image gets its reference, and the one that had it keeps a name", async () => {
  const names = new Names({ "r:1": a, "r:other": b, "r:c": c });
  expect(await giveReference(names.engine, b, "r:1")).toBe("r:1-replaced-aaaaaaaaaaaa");
  expect(names.namesOf(b)).toEqual(["r:1", "r:other"]);
  expect(names.namesOf(a)).toEqual(["r:1-replaced-aaaaaaaaaaaa"]);
  expect(names.lost).toEqual(new Set());
  expect(await giveReference(names.engine, b, "r:1")).toBe(undefined);
});

test("one that has another name keeps that, and gets none", async () => {
  const names = new Names({ "r:1": a, "r:2": a, "r:b": b, "r:c": c });
  expect(await giveReference(names.engine, b, "r:1")).toBe("r:2");
  expect(names.namesOf(a)).toEqual(["r:2"]);
});

test("a digest among the tags, as containerd's store has it, is no name that docker images would show", async () => {
  const names = new Names({ "r:1": a, "r@sha256:1": a, "r:b": b, "r:c": c });
  expect(await giveReference(names.engine, b, "r:1")).toBe("r:1-replaced-aaaaaaaaaaaa");
});

test("two that trade their names at once, by their names", async () => {
  const names = new Names({ "r:1": a, "r:2": b, "r:c": c });
  await Promise.all([giveReference(names.engine, "r:2", "r:1"), giveReference(names.engine, "r:1", "r:2")]);
  expect(names.at.get("r:1")).toBe(b);
  expect(names.at.get("r:2")).toBe(a);
  expect(names.lost).toEqual(new Set());
});

test("two that take an image's two names at once leave it one", async () => {
  const names = new Names({ "r:1": a, "r:2": a, "r:b": b, "r:c": c });
  await Promise.all([giveReference(names.engine, b, "r:1"), giveReference(names.engine, c, "r:2")]);
  expect(names.at.get("r:1")).toBe(b);
  expect(names.at.get("r:2")).toBe(c);
  expect(names.namesOf(a)).toHaveLength(1);
});

test("no image ends without a name, whatever names are given at once, in any order", async () => {
  const names = ["r:1", "r:2", "r:3", "r:4"];
  const image = fc.constantFrom(...ids);
  const start = fc.tuple(image, fc.constant(a), fc.constant(b), fc.constant(c));
  const changes = fc.array(fc.tuple(image, fc.constantFrom(...names)), { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(start, changes, fc.scheduler(), async (owners, wanted, scheduler) => {
      const of = Object.fromEntries(names.map((name, index) => [name, owners[index] ?? a]));
      const engine = new Names(of, () => scheduler.schedule(Promise.resolve()));
      const given = Promise.all(wanted.map(([id, name]) => giveReference(engine.engine, id, name)));
      await scheduler.waitFor(given);
      for (const id of ids) expect(engine.namesOf(id)).not.toEqual([]);
    }),
  );
});

test("another process that takes an image's last other name meanwhile leaves it one", async () => {
  const names = new Names({ "r:1": a, "r:2": a, "r:b": b, "r:c": c });
  const { engine } = names;
  const beside = {
    getImage: (name: string) => ({
      ...engine.getImage(name),
      tag: async (options: { repo: string; tag: string }) => {
        // Between the look at the names and the change.
        if (options.tag === "1") names.at.set("r:2", c);
        await engine.getImage(name).tag(options);
      },
    }),
  } as unknown as ImageEngine;
  expect(await giveReference(beside, b, "r:1")).toBe("r:1-replaced-aaaaaaaaaaaa");
  expect(names.namesOf(a)).toEqual(["r:1-replaced-aaaaaaaaaaaa"]);
});

describe("an image is the locked one", () => {
  const [x, y, z] = ["x", "y", "z"].map((letter) => `sha256:${letter.repeat(64)}`) as [
    string,
    string,
    string,
  ];
  const image = { id: x, references: [], digests: [y] };
  const locked = { imageId: x, digest: y, platform: "linux/amd64" };
  test.each([
    ["by both, on a classic store", image, locked, "locked"],
    ["by its id, where the engine knows no digest", { ...image, digests: [] }, locked, "locked"],
    ["by its digest, where that is all that is pinned", image, { digest: y }, "locked"],
    ["by its digest, on containerd's store", { ...image, id: y }, locked, "locked"],
    ["by its digest among others", { ...image, digests: [z, y] }, locked, "locked"],
    ["for its platform", { ...image, platform: "linux/amd64" }, locked, "locked"],
    ["for a variant of it", { ...image, platform: "linux/amd64/v2" }, locked, "locked"],
    ["not by neither", { ...image, id: z, digests: [z] }, locked, "other"],
    [
      "not by its id, on containerd's store",
      { ...image, id: z, digests: [z] },
      { ...locked, imageId: z },
      "other",
    ],
    [
      "not where no digest is known, and that is pinned alone",
      { ...image, digests: [] },
      { digest: y },
      "other",
    ],
    ["not with a wrong digest", image, { ...locked, digest: z }, "half"],
    ["not with a wrong id", image, { ...locked, imageId: z }, "half"],
    ["not for another platform", { ...image, platform: "linux/arm64" }, locked, "platform"],
    ["not for one whose name begins alike", { ...image, platform: "linux/amd" }, locked, "platform"],
    [
      "not for another platform of the same index",
      { ...image, id: z, platform: "linux/arm64" },
      locked,
      "platform",
    ],
  ] as const)("%s", (_, image, locked, identity) => {
    expect(identify(image, locked)).toBe(identity);
  });
});
