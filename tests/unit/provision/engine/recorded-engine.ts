import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay, setImmediate } from "node:timers/promises";
import type { Clock } from "../../../../lib/clock.ts";
import { type Engine, EngineError } from "../../../../provision/engine/client.ts";

/** A clock that goes on when all that is under way waits for it. */
export class TestClock implements Clock {
  #now = 0;
  readonly #waits = new Set<{ readonly at: number; readonly end: () => void }>();

  now(): number {
    return this.#now;
  }

  wait(ms: number, abort?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#waits.delete(wait);
        resolve();
      };
      const wait = { at: this.#now + ms, end };
      if (abort?.aborted) return resolve();
      this.#waits.add(wait);
      abort?.addEventListener("abort", end, { once: true });
    });
  }

  /** Lets time go by until something has ended, and gives how. */
  async until<Result>(what: Promise<Result>): Promise<Result> {
    let isDone = false;
    const ended = what.finally(() => {
      isDone = true;
    });
    ended.catch(() => {});
    while (!isDone) {
      for (let turn = 0; turn < 6 && !isDone; turn++) await setImmediate();
      const [next] = [...this.#waits].sort((a, b) => a.at - b.at);
      if (next === undefined) await delay(1);
      else if (!isDone) {
        this.#now = next.at;
        next.end();
      }
    }
    return ended;
  }
}

/** A line of a record (tests/fixtures/pulls). */
interface Line {
  readonly ms: number;
  readonly event?: { readonly id?: string; readonly status?: string };
  readonly error?: { readonly status?: number; readonly message: string };
  readonly end?: "whole" | "aborted";
}

/** How a pull goes: a record's lines. */
export type Recording = readonly Line[];

/** The engines that there are records of. */
export const engines = ["20.10", "26.1", "modern"] as const;

/** A record of an engine's. */
export function recording(engine: (typeof engines)[number], name: string): Recording {
  const file = join(import.meta.dirname, "../../../fixtures/pulls", engine, `${name}.ndjson`);
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

/** A pull that fails before it has begun, by an error of the way to the engine. */
export function failing(error: Error): () => never {
  return () => {
    throw error;
  };
}

/** An image of an engine's store. */
export interface StoredImage {
  /** Digest of its configuration. */
  readonly imageId: string;
  /** Digest of its manifest. */
  readonly digest: string;
  readonly platform?: string;
}

/** An engine that pulls as records say, with a store of one of the two kinds. */
export class RecordedEngine {
  readonly #clock: TestClock;
  readonly #isContainerds: boolean;
  /** Images by their names, `repository:tag` and `repository@digest`. */
  readonly names = new Map<string, StoredImage>();
  /** How pulls from a source go, one after the other; the last goes on for ever. */
  readonly pulls = new Map<string, (Recording | (() => never))[]>();
  /** What a pull brings. */
  readonly registry = new Map<string, StoredImage>();
  /** Sources of the pulls, in their order. */
  readonly asked: string[] = [];
  ping: () => Promise<unknown> = () => Promise.resolve("OK");
  mirrors: readonly string[] = [];
  lists = 0;

  constructor(clock: TestClock, store: "classic" | "containerd" = "classic") {
    this.#clock = clock;
    this.#isContainerds = store === "containerd";
  }

  get client(): Engine {
    return {
      pull: (source: string, options: { abort?: AbortSignal }) => this.#pull(source, options.abort),
      ping: () => this.ping(),
      info: () =>
        Promise.resolve({
          RegistryConfig: { Mirrors: this.mirrors },
          DriverStatus: this.#isContainerds ? [["driver-type", "io.containerd.snapshotter.v1"]] : [],
        }),
      listImages: () => {
        this.lists += 1;
        return Promise.resolve([...new Set(this.names.values())].map((image) => this.#listed(image)));
      },
      getImage: (name: string) => ({
        inspect: async () => {
          const image = this.#find(name);
          if (image === undefined) throw new EngineError(404, `No such image: ${name}`);
          const [Os, Architecture] = (image.platform ?? "linux/amd64").split("/");
          return { ...this.#listed(image), Os, Architecture };
        },
        tag: async ({ repo, tag }: { repo: string; tag: string }) => {
          const image = this.#find(name);
          if (image) this.names.set(`${repo}:${tag}`, image);
        },
        remove: async () => this.names.delete(name),
      }),
    } as unknown as Engine;
  }

  #find(name: string): StoredImage | undefined {
    return this.names.get(name) ?? [...this.names.values()].find((image) => this.#id(image) === name);
  }

  #id({ imageId, digest }: StoredImage): string {
    return this.#isContainerds ? digest : imageId;
  }

  #listed(image: StoredImage) {
    const names = [...this.names].flatMap(([name, one]) => (one === image ? [name] : []));
    return {
      Id: this.#id(image),
      RepoTags: names.filter((name) => !name.includes("@")),
      RepoDigests: names.filter((name) => name.includes("@")),
    };
  }

  async #pull(source: string, abort: AbortSignal | undefined): Promise<Readable> {
    this.asked.push(source);
    const waiting = this.pulls.get(source) ?? [];
    const how = waiting.length > 1 ? waiting.shift() : waiting[0];
    if (how === undefined) throw new Error(`no pull from ${source} was recorded`);
    if (typeof how === "function") return how();
    const [first] = how;
    if (first?.error !== undefined) {
      await this.#clock.wait(first.ms, abort);
      throw new EngineError(first.error.status ?? 500, first.error.message);
    }
    return Readable.from(this.#play(source, how, abort), { objectMode: false });
  }

  async *#play(source: string, lines: Recording, abort: AbortSignal | undefined): AsyncGenerator<string> {
    const began = this.#clock.now();
    for (const { ms, event, error, end } of lines) {
      await this.#clock.wait(began + ms - this.#clock.now(), abort);
      if (abort?.aborted || error !== undefined) throw new Error(error?.message ?? "aborted");
      if (event !== undefined) yield `${JSON.stringify(event)}\r\n`;
      if (end === "aborted") await new Promise((resolve) => abort?.addEventListener("abort", resolve));
    }
    const image = this.registry.get(source);
    if (image !== undefined && lines.at(-1)?.end === "whole") this.names.set(source, image);
  }
}
