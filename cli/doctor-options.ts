import { parseOptions } from "./options.ts";

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
  const read = parseOptions(args, {
    json: { type: "boolean", default: false },
    live: { type: "boolean", default: false },
  });
  if (read === undefined) return undefined;
  const { stack, values } = read;
  return { ...values, ...(stack !== undefined && { stack }) };
}
