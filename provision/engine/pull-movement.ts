import { isLayer, type PullEvent } from "./pull.ts";

/**
 * How much longer than a download an unpacking may be silent: an engine with containerd's store, up to 28 at least, says
 * nothing of it, and does all layers in one go.
 */
const UNPACKING = 10;

/** Whether a pull moves, by what the engine says of it. */
export class PullMovement {
  /** Seconds without movement after which it has stalled. */
  readonly stallSeconds: number;
  readonly #layers = new Map<string, string>();
  readonly #last = new Map<string, string>();
  #moved: number;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(stallSeconds: number, now: number) {
    this.stallSeconds = stallSeconds;
    this.#moved = now;
  }

  /** Takes in what the engine says. The same once more is no movement: containerd's store repeats where it stands. */
  follow({ id = "", status = "", progressDetail }: PullEvent, now: number): void {
    const said = `${status} ${progressDetail?.current}`;
    if (this.#last.get(id) !== said) this.#moved = now;
    this.#last.set(id, said);
    if (isLayer(id)) this.#layers.set(id, status);
  }

  /** Whether the registry has given anything of the image. */
  get hasLayers(): boolean {
    return this.#layers.size > 0;
  }

  /** Seconds that it may be silent now. */
  get patienceSeconds(): number {
    return (
      this.stallSeconds * (this.#areAll(/^(Already exists|Download complete|Pull complete)/) ? UNPACKING : 1)
    );
  }

  /**
   * Whether it has stalled. It has not where layers wait for their turn, and none has it: the engine's downloads are
   * then those of other pulls, of other programs too, and each of them is watched by whoever wants it.
   */
  isStalled(now: number): boolean {
    const waits =
      [...this.#layers.values()].includes("Waiting") &&
      this.#areAll(/^(Waiting|Already exists|Download complete|Pull complete)/);
    return !waits && now - this.#moved > this.patienceSeconds * 1000;
  }

  /** Whether nothing was heard of it for as long as a download may be silent. */
  isSilent(now: number): boolean {
    return now - this.#moved > this.stallSeconds * 1000;
  }

  #areAll(status: RegExp): boolean {
    return this.hasLayers && [...this.#layers.values()].every((one) => status.test(one));
  }
}
