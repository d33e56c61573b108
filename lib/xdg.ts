import { isAbsolute, join } from "node:path";
import { type Environment, homeOf } from "./environment.ts";

const usual = { XDG_CACHE_HOME: ".cache", XDG_DATA_HOME: ".local/share" } as const;

/** The user's data folder of this project. */
export function dataFolder(from: Environment): string {
  return join(xdgFolder("XDG_DATA_HOME", from), "cooperbench-machine");
}

/** The user's folder of a kind, by the XDG specification, which says that a relative path is to be ignored. */
export function xdgFolder(name: keyof typeof usual, from: Environment): string {
  const set = from[name];
  return set && isAbsolute(set) ? set : join(homeOf(from), usual[name]);
}
