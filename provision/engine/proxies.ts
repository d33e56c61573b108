import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../lib/environment.ts";

const names = {
  httpProxy: "HTTP_PROXY",
  httpsProxy: "HTTPS_PROXY",
  ftpProxy: "FTP_PROXY",
  noProxy: "NO_PROXY",
  allProxy: "ALL_PROXY",
};

/** The file of the user's settings for Docker's clients. */
export function dockerConfigFile(env: Environment = process.env): string {
  return join(env.DOCKER_CONFIG || join(homedir(), ".docker"), "config.json");
}

/**
 * The variables, as NAME=VALUE, that Docker's clients give every container: those of `proxies` in their config.json, for
 * this engine or for all. A file that is not there or is broken has none.
 */
export function proxyVariables(dockerHost: string, env: Environment = process.env): readonly string[] {
  try {
    const { proxies = {} } = JSON.parse(readFileSync(dockerConfigFile(env), "utf8"));
    const own = (proxies[dockerHost] ?? proxies.default ?? {}) as Record<string, string>;
    return Object.entries(names).flatMap(([key, name]) =>
      own[key] ? [`${name}=${own[key]}`, `${name.toLowerCase()}=${own[key]}`] : [],
    );
  } catch {
    return [];
  }
}
