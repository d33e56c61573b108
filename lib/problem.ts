import { type Remedies, remedyText } from "./remedy.ts";

/** A failure whose message is for the user: what was got, what is wanted, how to mend it. Shown without a stack trace. */
export class Problem extends Error {
  override readonly name = "Problem";
  /** The message without its remedies. */
  readonly found: string;
  readonly remedies: Remedies | undefined;

  constructor(found: string, remedies?: Remedies, options?: ErrorOptions) {
    super(remedies === undefined ? found : `${found}\n${remedyText(remedies)}`, options);
    this.found = found;
    this.remedies = remedies;
  }
}
