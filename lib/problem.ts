/** A failure whose message is for the user: what was got, what is wanted, how to mend it. Shown without a stack trace. */
export class Problem extends Error {
  override readonly name = "Problem";
}
