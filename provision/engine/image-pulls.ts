import type Docker from "dockerode";
import PQueue from "p-queue";
import pRetry from "p-retry";
import type { ImagePin } from "../../benchmark/images-lock.ts";
import { type Clock, machineClock } from "../../lib/clock.ts";
import { splitReference } from "../../lib/reference.ts";
import type { Engine } from "./client.ts";
import { authConfigFor, onDockerHub, onMirror, resetTime, type Source } from "./image-source.ts";
import { changeNames, dropName, findImage, giveReference, type ImageEngine, nameOf } from "./images.ts";
import { isLayer, type PullEngine, type PullEvent, pull, Stalled } from "./pull.ts";
import {
  isAbsent,
  isOfEngine,
  isRateLimit,
  isUnreachable,
  mayPass,
  pullProblem,
  reasonOf,
} from "./pull-failure.ts";
import { type StoreAccount, usesContainerd } from "./store.ts";

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
  /** Gets the reference of an image whose pull begins: it has its turn. */
  readonly begin?: (reference: string) => void;
  /** Gets what a reader should know of an image: waits, and, as what lasts, names that were kept. */
  readonly say: (reference: string, text: string, lasting: boolean) => void;
}

/** What pulls take from the world beside the engine. */
export interface PullWorld {
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly authConfigFor: (source: Source) => Promise<Docker.AuthConfigObject | undefined>;
  readonly resetTime: (source: Source) => Promise<Date | undefined>;
}

const thisWorld: PullWorld = { clock: machineClock, random: Math.random, authConfigFor, resetTime };

/** Attempts after the first, 1, 2, 4, 8 and 16 s after the one before, each up to twice as long by chance. */
const retries = 5;
/** The longest wait for a rate limit's reset; one that takes longer is left to the user. */
const longestWaitMs = 3_600_000;
/** A mirror that has given nothing after so many milliseconds, and then fails, hangs. */
const hangMs = 5000;

/** Of what an engine says of itself, what is looked at here. */
interface EngineAccount extends StoreAccount {
  readonly RegistryConfig?: { readonly Mirrors?: readonly string[] | null } | null;
}

/** Brings images to an engine: some at a time, the largest first, again where that can help. */
export class ImagePulls {
  readonly #queue: PQueue;
  readonly #engine: ImageEngine & PullEngine & Pick<Engine, "info">;
  readonly #settings: PullSettings;
  readonly #listener: PullListener;
  readonly #world: PullWorld;
  /** Whether the engine was ever there: one that is gone after that is started again. */
  #wasThere = false;
  readonly #line = { moved: 0 };
  /** What the engine says of itself, asked at the first pull. */
  #info: Promise<EngineAccount> | undefined;
  /** Registries that give nothing more for hours, with what they said to the first that they refused. */
  readonly #spent = new Map<string, { readonly error: Error; readonly retryAt: Date }>();
  /** What the first pull from the mirror has shown, once it has: why it is left out, where it hangs. */
  #mirror: Promise<Error | undefined> | undefined;

  constructor(
    engine: ImageEngine & PullEngine & Pick<Engine, "info">,
    settings: PullSettings,
    listener: PullListener,
    world: PullWorld = thisWorld,
  ) {
    this.#queue = new PQueue({ concurrency: settings.atOnce ?? 6 });
    this.#engine = engine;
    this.#settings = settings;
    this.#listener = listener;
    this.#world = world;
  }

  /**
   * Sees to it that the engine has the image under its reference, pulling it where it has it under no name at all.
   *
   * @throws a Problem with image, cause and remedies.
   */
  async ensure(image: WantedImage): Promise<void> {
    const priority = image.locked?.compressedBytes ?? 0;
    const { clock, random } = this.#world;
    try {
      await pRetry(() => this.#queue.add(() => this.#attempt(image), { priority }), {
        retries,
        minTimeout: 0,
        shouldRetry: ({ error }) => error instanceof PullFailure && error.passes,
        onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
          if (!(error instanceof PullFailure) || !error.passes || retriesLeft === 0) return;
          const reset = Math.max(0, (error.retryAt?.getTime() ?? 0) - Date.now());
          const waitMs = reset + 1000 * 2 ** (attemptNumber - 1) * (1 + random());
          const attempt = `attempt ${attemptNumber + 1} of ${retries + 1}`;
          const text = `${error.reason}; again in ${Math.ceil(waitMs / 1000)} s (${attempt})`;
          this.#listener.say(image.reference, text, false);
          await clock.wait(waitMs);
        },
      });
    } catch (error) {
      if (!(error instanceof PullFailure))
        throw pullProblem(image.reference, new Map([["", error as Error]]), "", { cause: error });
      const reset = error.retryAt ? `; the rate limit resets by ${error.retryAt.toISOString()}` : "";
      throw pullProblem(image.reference, error.bySource, reset, { cause: error });
    }
  }

  async #attempt(image: WantedImage): Promise<void> {
    const { reference, locked } = image;
    try {
      const there = await nameOf(this.#engine, { image: reference, locked });
      this.#wasThere = true;
      if (there === reference) return;
      const name = there ?? (await this.#pull(image));
      const kept = await giveReference(this.#engine, name, reference);
      if (kept !== undefined)
        this.#listener.say(reference, `the image that had this tag before is kept as ${kept}`, true);
      // A mirror's name, where it was made here, would hold the image after its reference is removed.
      if (there === undefined && !name.startsWith(splitReference(reference).repository))
        await changeNames(() => dropName(this.#engine, name, locked));
    } catch (error) {
      if (error instanceof PullFailure || !isOfEngine(error as Error)) throw error;
      throw new PullFailure(new Map([["the engine", error as Error]]), undefined, this.#wasThere);
    }
  }

  /** Pulls from the first source that gives the image, by digest where it is locked, and returns its name there. */
  async #pull({ reference, locked }: WantedImage): Promise<string> {
    this.#listener.begin?.(reference);
    const image = locked ? `${splitReference(reference).repository}@${locked.digest}` : reference;
    const failures = new Map<string, Error>();
    let retryAt: Date | undefined;
    const attempt = async (source: Source, follow = this.#listener.follow) => {
      const { registry, name } = source;
      const spent = this.#spent.get(registry);
      if (spent !== undefined) {
        failures.set(registry, spent.error);
        retryAt = spent.retryAt;
        return false;
      }
      try {
        const credentials = await this.#world.authConfigFor(source);
        const { stallSeconds } = this.#settings;
        const request = {
          ...{ source: name, credentials, platform: locked?.platform },
          ...{ stallSeconds, line: this.#line, isContainerds: usesContainerd(await this.#account()) },
        };
        await pull(this.#engine, request, follow, this.#world.clock);
        if (await findImage(this.#engine, name)) return true;
        throw new Error("the engine ended the pull without a message");
      } catch (error) {
        failures.set(registry, error as Error);
        if (isRateLimit(error as Error)) retryAt = await this.#world.resetTime(source);
        if (retryAt !== undefined && isFar(retryAt))
          this.#spent.set(registry, { error: error as Error, retryAt });
        return false;
      }
    };
    const { mirror } = this.#settings;
    if (mirror !== "") {
      const source = onMirror(mirror, image);
      const isFirst = this.#mirror === undefined;
      const fault = isFirst ? undefined : await this.#mirror;
      if (fault !== undefined) failures.set(source.registry, fault);
      else if (await (isFirst ? this.#tryMirror(source, attempt, failures) : attempt(source)))
        return source.name;
    }
    const source = onDockerHub(image);
    // No other registry helps against a full disk.
    if ([...failures.values()].some(isOfEngine)) throw new PullFailure(failures, retryAt, this.#wasThere);
    if (await attempt(source)) return source.name;
    if (isUnreachable(failures.get(source.registry) ?? new Error())) {
      // An engine with a mirror of its own goes on to Docker Hub when the mirror fails, and where that is out of reach
      // says only so. Asked for by its own name, the mirror gives the image, or the reason why not.
      for (const mirror of (await this.#account()).RegistryConfig?.Mirrors ?? []) {
        const own = onMirror(mirror, source.image, `the engine's mirror ${mirror}`);
        if (await attempt(own)) return own.name;
        if (isUnreachable(failures.get(own.registry) ?? new Error())) failures.delete(own.registry);
        else failures.delete(source.registry);
      }
    }
    throw new PullFailure(failures, retryAt, this.#wasThere);
  }

  /**
   * The first pull from the mirror. The others wait until it has given something, or has failed: one that hangs is waited
   * for once, and then left out, since each image would pay for it, and at each attempt.
   */
  #tryMirror(
    source: Source,
    attempt: (source: Source, follow: PullListener["follow"]) => Promise<boolean>,
    failures: ReadonlyMap<string, Error>,
  ): Promise<boolean> {
    const { clock } = this.#world;
    const started = clock.now();
    let gives: (fault?: Error) => void = () => {};
    let hasGiven = false;
    this.#mirror = new Promise((resolve) => {
      gives = resolve;
    });
    const follow = (event: PullEvent) => {
      if (isLayer(event.id ?? "")) {
        hasGiven = true;
        gives();
      }
      this.#listener.follow(event);
    };
    return attempt(source, follow).then((isThere) => {
      const fault = failures.get(source.registry);
      const hangs = !isThere && !hasGiven && fault !== undefined && clock.now() - started > hangMs;
      if (hangs && (fault instanceof Stalled || isUnreachable(fault))) {
        this.#listener.say(source.registry, "it sends nothing, so this update leaves it out", true);
        gives(fault);
      } else gives();
      return isThere;
    });
  }

  #account(): Promise<EngineAccount> {
    this.#info ??= this.#engine.info<EngineAccount>();
    this.#info.catch(() => {
      this.#info = undefined;
    });
    return this.#info;
  }
}

/** Whether a rate limit takes longer to reset than it is waited for. */
function isFar(retryAt: Date): boolean {
  return retryAt.getTime() - Date.now() >= longestWaitMs;
}

/** Why an attempt failed, by what the registries are called, and whether another makes sense. */
class PullFailure extends Error {
  readonly bySource: ReadonlyMap<string, Error>;
  /** When a rate limit is over, where that is known. */
  readonly retryAt: Date | undefined;
  readonly passes: boolean;

  constructor(bySource: ReadonlyMap<string, Error>, retryAt: Date | undefined, engineWasThere: boolean) {
    const errors = [...bySource.values()];
    super(errors.map((error) => error.message).join("; "));
    this.bySource = bySource;
    this.retryAt = retryAt;
    const ofEngine = errors.filter(isOfEngine);
    // Where one registry has answered no, another that is out of reach is likely so for good.
    const pass =
      ofEngine.length > 0
        ? ofEngine.every((error) => mayPass(error) || (engineWasThere && isAbsent(error)))
        : errors.every(mayPass) || errors.some((error) => mayPass(error) && !isUnreachable(error));
    this.passes = pass && !(retryAt !== undefined && isFar(retryAt));
  }

  /** Why, in one line. */
  get reason(): string {
    return [...this.bySource].map(([registry, error]) => `from ${registry}: ${reasonOf(error)}`).join("; ");
  }
}
