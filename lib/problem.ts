import { type Remedies, remedyText } from "./remedy.ts";

/** A failure whose message is for the user: what happened, to what, why, and what helps. Shown without a stack trace. */
export class Problem extends Error {
  override readonly name: string = "Problem";
  /** The message without its remedies. */
  readonly found: string;
  readonly remedies: Remedies;

  constructor(found: string, remedies: Remedies, options?: ErrorOptions) {
    super(`${found}\n${remedyText(remedies)}`, options);
    this.found = found;
    this.remedies = remedies;
  }
}

/** What an error says, without the remedies of a Problem: for a message that has its own. */
export function foundOf(error: unknown): string {
  return error instanceof Problem ? error.found : (error as Error).message;
}
