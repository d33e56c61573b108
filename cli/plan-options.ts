import { parseArgs } from "node:util";

/** What `./machine plan` is told. */
export interface PlanOptions {
  readonly stack?: string | undefined;
  /** The run to check, by its name or its folder; undefined prints the plan. */
  readonly check?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Reads the arguments; undefined where they are not understood. */
export function planOptions(args: readonly string[]): PlanOptions | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { check: { type: "string" }, json: { type: "boolean" } },
      allowPositionals: true,
    });
    const [stack, ...more] = positionals;
    if (more.length > 0 || (values.json === true && values.check === undefined)) return undefined;
    return { stack, ...values };
  } catch {
    return undefined; // an option that is not known, or one without its value
  }
}
