import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** Where an agent is ended. */
export interface AgentLimits {
  /** Calls of the model. */
  readonly steps: number;
  readonly dollars: number;
}

/** As CooperBench 0.0.14 to 0.0.29 have them. */
const usual: AgentLimits = { steps: 100, dollars: 3 };

const configuration = z.looseObject({
  agent: z.looseObject({ step_limit: z.number(), cost_limit: z.number() }),
});

/** The limits that the default agent has by the configuration of a checkout; the usual ones where that does not say. */
export function agentLimitsIn(checkout: string, setting: string): AgentLimits {
  const name = setting === "solo" ? "solo.yaml" : "coop.yaml";
  try {
    const folder = join(checkout, "src", "cooperbench", "agents", "mini_swe_agent_v2", "config");
    const { agent } = configuration.parse(parse(readFileSync(join(folder, name), "utf8")));
    return { steps: agent.step_limit, dollars: agent.cost_limit };
  } catch {
    return usual; // no checkout, or another layout
  }
}

/** Agents of a pair in a setting. */
export function agentsOf(setting: string): number {
  return setting === "solo" ? 1 : 2;
}
