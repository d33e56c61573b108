/**
 * The engine's events as `--event-log` writes them while they happen: one in JSON a line. Secrets are masked in them. What a
 * kill or a full disk has cut off is left out.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

/** One event, as far as it is looked at here. */
export interface EngineEvent {
  readonly preludeEvent?: object;
  readonly resourcePreEvent?: { readonly metadata: ResourceStep };
  readonly resOutputsEvent?: { readonly metadata: ResourceStep };
  readonly resOpFailedEvent?: { readonly metadata: ResourceStep };
  readonly diagnosticEvent?: {
    readonly urn?: string;
    readonly severity: string;
    readonly message: string;
    /** Whether it is to be shown for a moment. */
    readonly ephemeral?: boolean;
  };
  readonly summaryEvent?: {
    readonly resourceChanges: Readonly<Record<string, number>>;
    readonly isPreview?: boolean;
    readonly result?: string;
  };
}

/** What an event says of a resource. */
export interface ResourceStep {
  readonly op: string;
  readonly urn: string;
  readonly type?: string;
  readonly old?: { readonly inputs?: Values } | null;
  readonly new?: { readonly inputs?: Values; readonly outputs?: Values } | null;
}

/** Properties by their names. */
export type Values = Readonly<Record<string, unknown>>;

/** Makes events of a text that comes in pieces, which may end anywhere. */
export class EventLines {
  #rest = "";

  take(text: string): readonly EngineEvent[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => readEvent(line) ?? []);
  }

  /** What is left without its line's end, where it is whole. */
  end(): readonly EngineEvent[] {
    return this.take("\n");
  }
}

/** Reads a whole event log. */
export function readEvents(log: string): readonly EngineEvent[] {
  const lines = new EventLines();
  return [...lines.take(log), ...lines.end()];
}

/** The SDK and the plugins say thousands of these, and none is of a resource. */
const isDebugging = (line: string) => line.includes('"severity":"debug"') && !line.includes('"urn":"');

function readEvent(line: string): EngineEvent | undefined {
  if (isDebugging(line)) return undefined;
  try {
    return JSON.parse(line) as EngineEvent;
  } catch {
    return undefined;
  }
}

/** Milliseconds between two looks at a file that is being written. */
const lookMs = 100;

/**
 * Follows an event log while it is written; it may not be there yet.
 *
 * @returns reads the rest, and ends.
 */
export function followEvents(file: string, take: (event: EngineEvent) => void): () => void {
  const lines = new EventLines();
  const decoder = new StringDecoder("utf8");
  const bytes = Buffer.alloc(1 << 16);
  let open: number | undefined;
  const read = () => {
    try {
      open ??= openSync(file, "r");
      for (let size = readSync(open, bytes); size > 0; size = readSync(open, bytes))
        for (const event of lines.take(decoder.write(bytes.subarray(0, size)))) take(event);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error; // else it is not there yet
    }
  };
  const timer = setInterval(read, lookMs);
  return () => {
    clearInterval(timer);
    read();
    for (const event of lines.end()) take(event);
    if (open !== undefined) closeSync(open);
  };
}
