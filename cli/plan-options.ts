import { parseOptions } from "./options.ts";

/** What `./machine plan` is told. */
export interface PlanOptions {
  readonly stack?: string | undefined;
  /** The run to check, by its name or its folder; undefined prints the plan. */
  readonly check?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Reads the arguments; undefined where they are not understood. */
export function planOptions(args: readonly string[]): PlanOptions | undefined {
  const read = parseOptions(args, { check: { type: "string" }, json: { type: "boolean" } });
  if (read === undefined || (read.values.json === true && read.values.check === undefined)) return undefined;
  return { stack: read.stack, ...read.values };
}
