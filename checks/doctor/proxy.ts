import type { Environment } from "../../lib/environment.ts";
import { type Finding, warning } from "../finding.ts";

/** An entry of NO_PROXY that is a range of addresses, such as 10.0.0.0/8. */
const isRange = (entry: string) => /^[\da-f.:]+\/\d+$/i.test(entry);

/**
 * Whether each program reads the same from NO_PROXY: Go and curl know ranges of addresses, Node and Python do not, and ask
 * what is in one through the proxy. Undefined where they do, or there is no proxy.
 */
export function proxyFinding(env: Environment): Finding | undefined {
  const value = (...names: readonly string[]) => names.map((name) => env[name]).find((text) => text) ?? "";
  const hasProxy =
    value("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY") !== "";
  const ranges = value("no_proxy", "NO_PROXY")
    .split(/[\s,]+/)
    .filter(isRange);
  if (!hasProxy || ranges.length === 0) return undefined;
  return warning(
    "proxy",
    `NO_PROXY has ${ranges.join(", ")}, but Node and Python do not understand ranges: hosts in it are asked through the proxy`,
    {
      advice:
        "add the names or addresses of the hosts that this machine asks, such as its engine and registryMirror, to NO_PROXY",
    },
  );
}
