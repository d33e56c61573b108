import { isLayer, type PullEvent } from "./pull.ts";

/** How far all pulls are. */
export interface Progress {
  /** Bytes downloaded. */
  readonly done: number;
  /** Bytes to download in all, as far as they are known. */
  readonly total: number;
  /** Bytes a second, over the last seconds. */
  readonly rate: number;
}

interface Layer {
  readonly total: number;
  readonly done: number;
}

/** The rate is that of so long a time, in milliseconds. */
const windowMs = 10_000;

/** The layers of all pulls. One that several images share is there once. */
export class PullProgress {
  readonly #layers = new Map<string, Layer>();
  #samples: { readonly at: number; readonly done: number }[] = [];

  /** Takes in layers that are to be pulled: bytes by digest. */
  plan(layers: Readonly<Record<string, number>>): void {
    for (const [digest, total] of Object.entries(layers)) this.#layers.set(idOf(digest), { total, done: 0 });
  }

  /** How far some layers are, by their digests: those that are not there yet. */
  of(layers: Readonly<Record<string, number>>): Layer {
    const found = Object.keys(layers).flatMap((digest) => this.#layers.get(idOf(digest)) ?? []);
    return sum(found);
  }

  /** Takes in what the engine says. */
  follow({ id, status, progressDetail }: PullEvent): void {
    if (id === undefined || status === undefined || !isLayer(id)) return;
    const known = this.#layers.get(id);
    if (status === "Already exists") {
      // Nothing to do, unless it was downloaded here for another image.
      if (known?.done === 0) this.#layers.delete(id);
    } else if (status === "Downloading" && progressDetail?.total !== undefined) {
      this.#layers.set(id, { total: progressDetail.total, done: progressDetail.current ?? 0 });
    } else if (known && /^(Download complete|Extracting|Pull complete)/.test(status)) {
      this.#layers.set(id, { ...known, done: known.total });
    }
  }

  /** How far the pulls are at a time, in milliseconds of a clock that never goes back. */
  at(now: number): Progress {
    const { done, total } = sum([...this.#layers.values()]);
    this.#samples = [...this.#samples.filter(({ at }) => at > now - windowMs), { at: now, done }];
    const [first] = this.#samples;
    const seconds = first ? (now - first.at) / 1000 : 0;
    const rate = first && seconds > 0 ? Math.max(0, (done - first.done) / seconds) : 0;
    return { done, total, rate };
  }
}

/** The engine's name of a layer. */
function idOf(digest: string): string {
  return digest.slice("sha256:".length, "sha256:".length + 12);
}

function sum(layers: readonly Layer[]): Layer {
  const of = (key: keyof Layer) => layers.reduce((bytes, layer) => bytes + layer[key], 0);
  return { total: of("total"), done: of("done") };
}
