import type { Remedies } from "../../lib/remedy.ts";
import { isRateLimit } from "../../provision/engine/pull-failure.ts";
import { type Finding, ok, warning } from "../finding.ts";
import { count, showSeconds } from "../units.ts";
import type { RegistryFacts } from "./registry.ts";

/** Whether the registry still allows as many pulls as are needed. Without facts nothing was asked. */
export function quotaFinding(facts: RegistryFacts | undefined, pulls: number, notAsked: string): Finding {
  if (facts === undefined) return ok("quota", `not asked: ${notAsked}`);
  const { answer, error, unseen } = facts;
  const remedies = (wait: string): Remedies => [
    { command: ["docker", "login"], when: "for a higher limit" },
    { advice: "set registryMirror to a mirror" },
    { advice: `${wait}; what was pulled is kept` },
  ];
  if (error !== undefined) {
    if (!isRateLimit(error)) return ok("quota", "the registry reported no limit");
    return warning(
      "quota",
      `the registry allows no pull now (${error.message.trim()}), and ${count(pulls, "pull")} are needed`,
      remedies("wait for its reset (Docker Hub counts over 6 hours)"),
    );
  }
  if (unseen !== undefined) {
    return ok("quota", `not known: the engine reaches the registry, but this machine does not (${unseen})`);
  }
  if (answer?.quota === undefined) return ok("quota", "the registry reports no limit");
  const { limit, remaining, windowSeconds, source } = answer.quota;
  const found = `${remaining} of ${limit} pulls in ${showSeconds(windowSeconds)} are left${source === undefined ? "" : ` for ${source}`}, ${pulls} needed`;
  return remaining < pulls
    ? warning("quota", found, remedies(`wait: the window is ${showSeconds(windowSeconds)}`))
    : ok("quota", found);
}
