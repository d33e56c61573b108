import { parseArgs } from "node:util";

/** What `./machine doctor` is told. */
export interface DoctorOptions {
  /** Default: PULUMI_STACK, or the only stack that there is. */
  readonly stack?: string;
  /** Whether to print JSON. */
  readonly json: boolean;
  /** Whether to make one real call of the model, which costs money. */
  readonly live: boolean;
}

/** Reads the arguments; undefined where they are not understood. */
export function doctorOptions(args: readonly string[]): DoctorOptions | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: "boolean", default: false }, live: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const [stack, ...more] = positionals;
    return more.length > 0 ? undefined : { ...values, ...(stack !== undefined && { stack }) };
  } catch {
    return undefined; // an option that is not known
  }
}
