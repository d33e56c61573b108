import type { Remedy } from "../lib/remedy.ts";
import type { AgentLimits } from "./agent-limits.ts";
import { causeOf, firstLine } from "./causes.ts";
import type { Finding } from "./judge.ts";
import type { AgentResult, PairResult } from "./read-run.ts";

/** CooperBench's default agent, which the plan's runs have. */
export const defaultAgent = "mini_swe_agent_v2";

/** Ends of an agent that are its own, by framework. */
const ends: Readonly<Record<string, readonly string[]>> = {
  openhands_sdk: ["Submitted", "CostLimitExceeded"],
  codex: ["Submitted"],
};

/** As the documentation of CooperBench's agents has them, the default one's among them. */
const usualEnds: readonly string[] = ["Submitted", "LimitsExceeded"];

/** Seconds after which the default agent's container ends (`sleep 2h`). */
const containerSeconds = 7200;

/** What is wrong with the agents of a pair; nothing where each came to an end of its own, after calls of the model. */
export function agentFindings(pair: PairResult, limits: AgentLimits): readonly Finding[] {
  return [
    ...pair.agents.flatMap((agent) => findingOf(agent, pair, limits) ?? []),
    ...containerFindings(pair),
  ];
}

function findingOf(agent: AgentResult, pair: PairResult, limits: AgentLimits): Finding | undefined {
  const { name, status, steps, error } = agent;
  const { agentFramework } = pair;
  const unknown = (reason: string): Finding => ({
    kind: "unknown",
    reason,
    remedies: look(pair, "result.json"),
  });
  if (status === "Error" || error !== "") {
    if (error === "") return unknown(`${name} ended with Error, and without a reason`);
    const cause = causeOf(error);
    if (cause === undefined) return unknown(`${name} ended with ${status}: ${firstLine(error)}`);
    const { reason, remedies } = cause;
    return remedies === undefined
      ? undefined
      : { kind: "machine", reason: `${reason} (${firstLine(error)})`, remedies };
  }
  if (status === "") return unknown(`${name} has no status`);
  if (!(ends[agentFramework] ?? usualEnds).includes(status))
    return unknown(`${name} ended as ${status}, which is no known end of ${agentFramework}`);
  if (steps === undefined) return unknown(`${name} has no number of calls of the model`);
  const isDefault = agentFramework === defaultAgent;
  if (steps === 0) {
    const reason = `${name} ended as ${status} without one call of the model`;
    return isDefault ? { kind: "machine", reason } : unknown(reason);
  }
  const { cost = 0 } = agent;
  if (isDefault && status === "LimitsExceeded" && steps < limits.steps && cost < limits.dollars)
    return unknown(
      `${name} ended at a limit after ${steps} calls and $${cost.toFixed(2)}, and CooperBench's are ${limits.steps} calls and $${limits.dollars}: another was set for the run`,
    );
  return undefined;
}

function containerFindings({ engineErrors, seconds }: PairResult): readonly Finding[] {
  return engineErrors.map((said) => {
    const { reason = "the engine did not run its commands", remedies } = causeOf(said) ?? {};
    return seconds !== undefined && seconds >= containerSeconds
      ? {
          kind: "machine",
          reason: `the container was gone: CooperBench ends it after 2 hours (${firstLine(said)})`,
          remedies: { advice: "run fewer pairs at once (-c), so that each takes less time" },
        }
      : { kind: "machine", reason: `${reason} (${firstLine(said)})`, ...(remedies && { remedies }) };
  });
}

/** Where a person is to look. */
export function look({ folder }: PairResult, file: string): Remedy {
  return { advice: `look at ${folder}/${file}: nothing here knows whose doing this is` };
}
