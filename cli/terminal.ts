import type { Environment } from "../lib/environment.ts";
import { forStack } from "../lib/remedy.ts";

/**
 * Where a command prints: results on standard output, words about the work on standard error. What cannot be printed,
 * since the reader is gone or the disk is full, is lost, and the work goes on.
 */
export class Output {
  /** Writes on standard output. */
  readonly print: Write;
  /** Writes on standard error. */
  readonly note: Write;
  /** Whether standard output is a terminal that is to have colours. */
  readonly isInColour: boolean;
  /** Whether each stream is a terminal, which a program may draw on itself. */
  readonly isTerminal: { readonly stdout: boolean; readonly stderr: boolean };
  /** Whether that terminal can be drawn on. */
  readonly canDraw: boolean;
  /** Columns and rows of the terminal on standard output, as they are now. */
  readonly size: () => Size;
  /** Whose machine the command is about, once that is known. */
  stack: string | undefined;
  /** Waits until all results are written. Gives why some could not be; undefined where they could, or nobody reads them. */
  readonly unwritten: () => Promise<string | undefined>;
  readonly #clock: () => number;
  readonly #started: number;

  /**
   * @param env variables of the shell, which may say NO_COLOR.
   * @param clock milliseconds, never going back.
   */
  constructor(
    stdout: NodeJS.WriteStream = process.stdout,
    stderr: NodeJS.WriteStream = process.stderr,
    env: Environment = process.env,
    clock = () => performance.now(),
  ) {
    const results = new Writer(stdout);
    const named = (text: string | Uint8Array) =>
      this.stack === undefined || typeof text !== "string" ? text : forStack(text, this.stack);
    this.print = (text) => results.write(named(text));
    this.unwritten = () => results.failure();
    const words = new Writer(stderr);
    this.note = (text) => words.write(named(text));
    this.isTerminal = { stdout: stdout.isTTY === true, stderr: stderr.isTTY === true };
    this.isInColour = this.isTerminal.stdout && !env.NO_COLOR;
    this.canDraw = this.isTerminal.stdout && env.TERM !== "dumb";
    // A terminal that does not know its size says 0.
    this.size = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
    this.#clock = clock;
    this.#started = clock();
  }

  /** Says something beside the results. */
  readonly say = (line: string): void => this.note(`machine: ${line}\n`);

  /** Says what is being done, with the seconds since the command was started. */
  readonly report = (line: string): void => {
    const seconds = (this.#clock() - this.#started) / 1000;
    this.note(`${seconds.toFixed(1).padStart(6)} s  ${line}\n`);
  };

  /** Standard output with a line that tells how far things are: at a terminal the last one, in a log every 30 seconds. */
  statusTerminal(): StatusTerminal {
    return this.canDraw ? this.#drawnStatus() : this.#loggedStatus();
  }

  #loggedStatus(): StatusTerminal {
    let told = Number.NEGATIVE_INFINITY;
    return {
      print: (lines) => this.print(lines.map((line) => `${line}\n`).join("")),
      status: (text) => {
        if (text === "" || this.#clock() - told < LOG_EVERY_MS) return;
        told = this.#clock();
        this.print(`${text}\n`);
      },
    };
  }

  /** Drawn again under whatever is printed. */
  #drawnStatus(): StatusTerminal {
    const clear = "\r\u001b[K";
    let current = "";
    const draw = () => current.slice(0, Math.max(0, this.size().columns - 1));
    return {
      print: (lines) => {
        if (lines.length > 0) this.print(`${clear}${lines.map((line) => `${line}\n`).join("")}${draw()}`);
      },
      status: (text) => {
        current = text;
        this.print(`${clear}${draw()}`);
      },
    };
  }
}

/** Lines that stay, and one below them that tells how far things are. */
export interface StatusTerminal {
  print(lines: readonly string[]): void;
  /** Tells how far things are; an empty text ends it. */
  status(text: string): void;
}

/** Milliseconds between two lines of a log that tell how far things are. */
const LOG_EVERY_MS = 30_000;

/** A terminal's size, in letters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

type Write = (text: string | Uint8Array) => void;

/** What a stream says whose reader has gone away, as `head` does. */
const READER_GONE = ["EPIPE", "ECONNRESET"];

/** Writes to a stream for as long as it takes something. */
class Writer {
  readonly #stream: NodeJS.WritableStream;
  #error: NodeJS.ErrnoException | undefined;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    stream.on("error", (error) => {
      this.#error ??= error;
    });
  }

  readonly write: Write = (text) => {
    if (this.#error === undefined && text.length > 0) this.#stream.write(text);
  };

  /** Waits until all is written. Gives why it is not, unless its reader has gone away. */
  async failure(): Promise<string | undefined> {
    if (this.#error === undefined)
      await new Promise<void>((resolve) => {
        this.#stream.once("error", () => resolve());
        this.#stream.write("", () => setImmediate(resolve));
      });
    const { code = "", message } = this.#error ?? {};
    return READER_GONE.includes(code) ? undefined : message;
  }
}
