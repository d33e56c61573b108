import { isAbsolute, join } from "node:path";
import { type Environment, homeOf } from "./environment.ts";

/** Folder of everything that is made here once for all checkouts: $XDG_CACHE_HOME (or ~/.cache), cooperbench-machine. */
export function cacheFolder(from: Environment = process.env): string {
  // The XDG specification says that a relative path there is to be ignored.
  const xdg = from.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(homeOf(from), ".cache"), "cooperbench-machine");
}
