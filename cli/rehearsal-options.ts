import { parseOptions } from "./options.ts";
import type { RehearsalOptions } from "./rehearsal.ts";

/** Reads `start|stop|status [FOLDER] [--force]`; undefined where that is not understood. */
export function rehearsalOptions([verb = "", ...args]: readonly string[]): RehearsalOptions | undefined {
  if (verb !== "start" && verb !== "stop" && verb !== "status") return undefined;
  const parsed = parseOptions(args, { force: { type: "boolean", default: false } });
  if (parsed === undefined || (parsed.values.force && verb !== "stop")) return undefined;
  return { verb, folder: parsed.stack, force: parsed.values.force };
}
