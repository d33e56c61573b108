import { stripVTControlCharacters } from "node:util";

/**
 * Lines of Pulumi's display without a terminal that say nothing: dots, resources that are the same, refreshes that
 * found nothing, starts of what soon ends, an error that is told again when its step has ended, what the SDK throws for
 * each resource that failed, of its own accord, and a remedy that does not run as it is printed.
 */
const noise: readonly RegExp[] = [
  /^@ [a-z ]+\.+$/,
  /^ ~ {2}\S+ \S+ refresh(ing)?( \([\d.]+s\))? *$/,
  /^ {4}\S+ \S+ +(running *)?$/,
  /^ [ +-]{1,2} +\S+ \S+ (creating|deleting)( \([\d.]+s\))? *$/,
  /^ [ ~+-]{1,2} +\S+ \S+ (creating|updating|replacing|deleting)( \w+)? \([\d.]+s\).* error: /,
  /^The resources in the stack have been deleted, but the history and configuration/,
  /^If you want to remove the stack completely, run `pulumi stack rm/,
  / pulumi:pulumi:Stack .* error: (Running program .* failed with an unhandled exception:|.* failed to register)$/,
];

/** A line that tells how far the pulls are. */
const progressLine = /^.*\bimages\b.*? (\d+\/\d+ verified; (?:pulling|unpacking): .*)$/;

/** Heads of the program's own diagnostics, and what in them repeats the failure of a resource. */
const programHead = /^ {2}pulumi:pulumi:Stack \(/;
const repeated =
  /^ {4}error: (Running program .* failed with an unhandled exception:|.* failed to register)$/;

/** What a line of Pulumi's display comes to. */
export interface Shown {
  /** Lines to print. */
  readonly lines: readonly string[];
  /** How far the pulls are now, where the line tells that. */
  readonly progress?: string;
}

/** Reads Pulumi's display without a terminal line by line, and leaves out what says nothing. */
export class BriefDisplay {
  /** The program's own diagnostics, until their end is reached. */
  #held: string[] | undefined;

  take(line: string): Shown {
    const plain = stripVTControlCharacters(line);
    if (this.#held === undefined && programHead.test(plain)) this.#held = [];
    if (this.#held !== undefined) {
      this.#held.push(line);
      return { lines: plain.trim() === "" ? this.end() : [] };
    }
    const progress = progressLine.exec(plain)?.[1];
    if (progress !== undefined) return { lines: [], progress };
    return { lines: noise.some((pattern) => pattern.test(plain)) ? [] : [line] };
  }

  /** What was held back and is worth its lines. */
  end(): readonly string[] {
    const held = this.#held ?? [];
    this.#held = undefined;
    const errors = held.map(stripVTControlCharacters).filter((line) => line.startsWith("    error: "));
    return errors.length > 0 && errors.every((line) => repeated.test(line)) ? [] : held;
  }
}
