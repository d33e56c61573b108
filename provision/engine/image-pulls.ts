import type Docker from "dockerode";
import PQueue from "p-queue";
import pRetry from "p-retry";
import type { ImagePin } from "../../benchmark/images-lock.ts";
import { changeNames, engineImages, findImage, giveReference, isLocked, splitReference } from "./images.ts";
import { type PullEvent, pull } from "./pull.ts";
import {
  explainPullFailure,
  explainPullFailures,
  isOfEngine,
  isRateLimit,
  isUnreachable,
  mayPass,
  reasonOf,
} from "./pull-failure.ts";
import { authConfigFor, onDockerHub, onMirror, resetTime, type Source } from "./source.ts";

/** An image that is to be on the engine. */
export interface WantedImage {
  /** Image reference, `repository:tag`. */
  readonly reference: string;
  /** What it must be; undefined takes what the tag names in the registry. */
  readonly locked?: ImagePin | undefined;
}

/** How images are pulled. */
export interface PullSettings {
  /** Registry that is asked before the reference's own, as host and path; empty for none. */
  readonly mirror: string;
  /** Seconds without any progress after which a pull is ended and tried again. */
  readonly stallSeconds: number;
  /**
   * Images pulled at once. The engine downloads 3 layers at a time, whatever the number of pulls, so more than 3 keep
   * that queue full while others unpack. Default: 6; more gain nothing (bench/README.md).
   */
  readonly atOnce?: number;
}

/** What pulls tell. */
export interface PullListener {
  /** Gets every event of every pull. */
  readonly follow: (event: PullEvent) => void;
  /** Gets what a reader should know of an image: waits, and, as what lasts, names that were kept. */
  readonly say: (reference: string, text: string, lasting: boolean) => void;
}

/** Attempts after the first, 1, 2, 4, 8 and 16 s after the one before, each up to twice as long by chance. */
const retries = 5;
/** The longest wait for a rate limit's reset; one that takes longer is left to the user. */
const longestWaitMs = 3_600_000;

/** Brings images to an engine: some at a time, the largest first, again where that can help. */
export class ImagePulls {
  readonly #queue: PQueue;
  readonly #engine: Docker;
  readonly #settings: PullSettings;
  readonly #listener: PullListener;

  constructor(engine: Docker, settings: PullSettings, listener: PullListener) {
    this.#queue = new PQueue({ concurrency: settings.atOnce ?? 6 });
    this.#engine = engine;
    this.#settings = settings;
    this.#listener = listener;
  }

  /**
   * Sees to it that the engine has the image under its reference, pulling it where it has it under no name at all.
   *
   * @throws an error with image, cause and remedy.
   */
  async ensure(image: WantedImage): Promise<void> {
    const priority = image.locked?.compressedBytes ?? 0;
    try {
      await pRetry(() => this.#queue.add(() => this.#attempt(image), { priority }), {
        retries,
        randomize: true,
        shouldRetry: ({ error }) => error instanceof PullFailure && error.passes,
        onFailedAttempt: async ({ error, attemptNumber, retriesLeft, retryDelay }) => {
          if (!(error instanceof PullFailure) || !error.passes || retriesLeft === 0) return;
          const reset = error.retryAt ? error.retryAt.getTime() - Date.now() : 0;
          const wait = `again in ${Math.ceil(Math.max(reset, 0) / 1000 + retryDelay / 1000)} s`;
          const attempt = `attempt ${attemptNumber + 1} of ${retries + 1}`;
          this.#listener.say(image.reference, `${error.reason}; ${wait} (${attempt})`, false);
          await new Promise((resolve) => setTimeout(resolve, reset));
        },
      });
    } catch (error) {
      if (!(error instanceof PullFailure))
        throw new Error(explainPullFailure(image.reference, error as Error));
      const explained = explainPullFailures(image.reference, error.bySource);
      const reset = error.retryAt ? ` The rate limit resets at ${error.retryAt.toISOString()}.` : "";
      throw new Error(explained + reset, { cause: error });
    }
  }

  async #attempt(image: WantedImage): Promise<void> {
    const sources = this.#sources(image);
    const there = await this.#find(image, sources);
    if (there === image.reference) return;
    const name = there ?? (await this.#pull(image, sources));
    const kept = await giveReference(this.#engine, name, image.reference);
    if (kept !== undefined) {
      this.#listener.say(image.reference, `the image that had this tag before is kept as ${kept}`, true);
    }
    // A mirror's name, where it was made here, would hold the image after its reference is removed.
    if (there === undefined && !name.startsWith(splitReference(image.reference).repository))
      await changeNames(() => this.#engine.getImage(name).remove());
  }

  /** Where the image is pulled from: the mirror first; by digest where it is locked. */
  #sources({ reference, locked }: WantedImage): readonly Source[] {
    const image = locked ? `${splitReference(reference).repository}@${locked.digest}` : reference;
    const { mirror } = this.#settings;
    return [...(mirror === "" ? [] : [onMirror(mirror, image)]), onDockerHub(image)];
  }

  /** A name under which the engine has the image, its reference where that is right already. */
  async #find({ reference, locked }: WantedImage, sources: readonly Source[]): Promise<string | undefined> {
    if (locked === undefined) return (await findImage(this.#engine, reference)) && reference;
    const names = [reference, ...(locked.imageId === undefined ? [] : [locked.imageId])];
    for (const name of [...names, ...sources.map(({ name }) => name)]) {
      const found = await findImage(this.#engine, name);
      if (found && engineImages([found]).some((image) => isLocked(image, locked))) return name;
    }
    return undefined;
  }

  /** Pulls from the first source that gives the image, and returns its name there. */
  async #pull({ locked }: WantedImage, sources: readonly Source[]): Promise<string> {
    const failures = new Map<string, Error>();
    let retryAt: Date | undefined;
    const attempt = async (source: Source) => {
      const { registry, name } = source;
      try {
        const credentials = await authConfigFor(source);
        const { stallSeconds } = this.#settings;
        const request = { source: name, credentials, stallSeconds, platform: locked?.platform };
        await pull(this.#engine, request, this.#listener.follow);
        if (await findImage(this.#engine, name)) return true;
        throw new Error("the engine ended the pull without a word");
      } catch (error) {
        failures.set(registry, error as Error);
        if (isRateLimit(error as Error)) retryAt = await resetTime(source);
        return false;
      }
    };
    for (const source of sources) {
      if (await attempt(source)) return source.name;
      // No other registry helps against a full disk.
      if ([...failures.values()].some(isOfEngine)) break;
    }
    const last = sources.at(-1);
    if (last && isUnreachable(failures.get(last.registry) ?? new Error())) {
      // An engine with a mirror of its own goes on to Docker Hub when the mirror fails, and where that is out of reach
      // says only so. Asked for by its own name, the mirror gives the image, or the reason why not.
      for (const mirror of await this.#mirrorsOfEngine()) {
        const source = onMirror(mirror, last.image, `the engine's mirror ${mirror}`);
        if (await attempt(source)) return source.name;
        if (isUnreachable(failures.get(source.registry) ?? new Error())) failures.delete(source.registry);
        else failures.delete(last.registry);
      }
    }
    throw new PullFailure(failures, retryAt);
  }

  async #mirrorsOfEngine(): Promise<readonly string[]> {
    const info = (await this.#engine.info()) as { RegistryConfig?: { Mirrors?: readonly string[] | null } };
    return info.RegistryConfig?.Mirrors ?? [];
  }
}

/** Why an attempt failed, by what the registries are called, and whether another makes sense. */
class PullFailure extends Error {
  readonly bySource: ReadonlyMap<string, Error>;
  /** When a rate limit is over, where that is known. */
  readonly retryAt: Date | undefined;
  readonly passes: boolean;

  constructor(bySource: ReadonlyMap<string, Error>, retryAt: Date | undefined) {
    const errors = [...bySource.values()];
    super(errors.map((error) => error.message).join("; "));
    this.bySource = bySource;
    this.retryAt = retryAt;
    // Where one registry has answered no, another that is out of reach is likely so for good.
    const pass = errors.every(mayPass) || errors.some((error) => mayPass(error) && !isUnreachable(error));
    const waitMs = (retryAt?.getTime() ?? 0) - Date.now();
    this.passes = pass && !errors.some(isOfEngine) && waitMs < longestWaitMs;
  }

  /** Why, in one line. */
  get reason(): string {
    return [...this.bySource].map(([registry, error]) => `from ${registry}: ${reasonOf(error)}`).join("; ");
  }
}
