/** What `./machine new` is told. */
export interface NewOptions {
  readonly stack: string;
  /** File that has the model's key. Default: COHERE_API_KEY, or what is typed. */
  readonly keyFile?: string;
  /** A rehearsal of its own, in that folder or in one that is named after the stack. Default: a real machine. */
  readonly rehearsal?: { readonly folder?: string };
}

/** Reads `STACK [--key-file FILE] [--rehearsal [FOLDER]]`; undefined where that is not understood. */
export function newOptions([stack = "", ...args]: readonly string[]): NewOptions | undefined {
  if (stack === "" || stack.startsWith("-")) return undefined;
  let options: NewOptions = { stack };
  for (let at = 0; at < args.length; at += 1) {
    const [name = "", joined] = (args[at] ?? "").split(/=(.*)/s);
    const next = joined ?? (args[at + 1]?.startsWith("-") ? undefined : args[at + 1]);
    if (joined === undefined && next !== undefined) at += 1;
    if (next === "") return undefined;
    if (name === "--key-file" && next !== undefined) options = { ...options, keyFile: next };
    else if (name === "--rehearsal")
      options = { ...options, rehearsal: next === undefined ? {} : { folder: next } };
    else return undefined;
  }
  return options;
}
