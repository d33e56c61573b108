import { isLayer, type PullEvent } from "./pull.ts";

/** How much longer than a download a pull may be silent that unpacks, or that may be waiting for its turn. */
const PATIENCE = 10;

/** What the movement of a pull is judged by. */
export interface MovementSettings {
  /** Seconds without movement after which a download has stalled. */
  readonly stallSeconds: number;
  /**
   * Whether the engine has containerd's store. That says nothing of an unpacking (up to 28 at least), and of a layer that
   * waits for its turn the same as of one that has it, or nothing at all.
   */
  readonly isContainerds: boolean;
  /** When any pull of the same line moved last: their downloads may be what this one waits for. */
  readonly line: { moved: number };
}

/** Whether a pull moves, by what the engine says of it. Times are milliseconds of a clock that never goes back. */
export class PullMovement {
  readonly #settings: MovementSettings;
  readonly #layers = new Map<string, string>();
  readonly #last = new Map<string, string>();
  #moved: number;

  constructor(settings: MovementSettings, now: number) {
    this.#settings = settings;
    this.#moved = now;
  }

  /** Takes in what the engine says. The same once more is no movement: containerd's store repeats where it stands. */
  follow({ id = "", status = "", progressDetail }: PullEvent, now: number): void {
    const said = `${status} ${progressDetail?.current}`;
    if (this.#last.get(id) !== said) {
      this.#moved = now;
      this.#settings.line.moved = now;
    }
    this.#last.set(id, said);
    if (isLayer(id)) this.#layers.set(id, status);
  }

  /** Whether the registry has given anything of the image. */
  get hasAnswered(): boolean {
    return this.#last.size > 0;
  }

  /** Seconds that it may be silent now. */
  get patienceSeconds(): number {
    return this.#settings.stallSeconds * (this.#mayUnpack || this.#mayWait ? PATIENCE : 1);
  }

  /**
   * Whether it has stalled. It has not where layers wait for their turn, and none has it: the engine's downloads are
   * then those of other pulls, of other programs too, and each of them is watched by whoever wants it.
   */
  isStalled(now: number): boolean {
    const waits =
      [...this.#layers.values()].includes("Waiting") &&
      this.#areAll(/^(Waiting|Already exists|Download complete|Pull complete)/);
    const since = this.#mayWait ? Math.max(this.#moved, this.#settings.line.moved) : this.#moved;
    return !waits && now - since > this.patienceSeconds * 1000;
  }

  /** Whether nothing was heard of it for as long as a download may be silent. */
  isSilent(now: number): boolean {
    return now - this.#moved > this.#settings.stallSeconds * 1000;
  }

  /**
   * Whether it may unpack with no word of that: everything is downloaded, and not all of it is in place. The classic store
   * tells of each layer when it is; what it waits for after the last is the image's configuration, of which it says nothing.
   */
  get #mayUnpack(): boolean {
    const isDownloaded = this.#areAll(/^(Already exists|Download complete|Pull complete)/);
    const isInPlace = !this.#settings.isContainerds && this.#areAll(/^(Already exists|Pull complete)/);
    return this.#layers.size > 0 && isDownloaded && !isInPlace;
  }

  /** Whether it may wait for its turn with no word of that: the registry has answered, and no layer is under way. */
  get #mayWait(): boolean {
    const isNone = this.#areAll(/^(Pulling fs layer|Already exists|Download complete|Pull complete)/);
    return this.#settings.isContainerds && this.hasAnswered && isNone;
  }

  #areAll(status: RegExp): boolean {
    return [...this.#layers.values()].every((one) => status.test(one));
  }
}
