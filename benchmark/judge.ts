import { each, merged, type Remedies, type Remedy } from "../lib/remedy.ts";
import type { AgentLimits } from "./agent-limits.ts";
import { agentFindings } from "./judge-agent.ts";
import { evaluationFindings } from "./judge-evaluation.ts";
import type { PairResult } from "./read-run.ts";

/**
 * valid: its result is the model's. machine: it is not. evaluation: the agents' work is, and is to be evaluated again.
 * unknown: nothing says whose it is, and a person is to look. foreign: it is none of the run. running: it has no result
 * yet, and the run goes on.
 */
export type Kind = "valid" | "machine" | "evaluation" | "unknown" | "foreign" | "running";

/** Something that is wrong with a result. */
export interface Finding {
  readonly kind: Exclude<Kind, "valid">;
  readonly reason: string;
  /** What helps, of the stack STACK, where more than doing it again does. */
  readonly remedies?: Remedies;
}

/** What is to be thought of one pair. */
export interface Verdict {
  readonly pair: PairResult;
  readonly kind: Kind;
  /** Why it is not valid; empty where it is. */
  readonly reasons: readonly string[];
  /** What helps: one of these. */
  readonly remedies: readonly Remedy[];
}

/** What decides where several things are wrong: agents that are to run again are evaluated again as well. */
const byWeight: readonly Kind[] = ["foreign", "running", "machine", "unknown", "evaluation"];

/**
 * Whether a pair's result says something of the model, by what its files show. CooperBench counts every failure as the
 * model's, those of the machine too.
 *
 * @param foreign why the pair is none of the run; empty where it is.
 * @param limits of the default agent in the pair's setting.
 * @param isGoing whether a process of its run lives.
 */
export function judge(
  pair: PairResult,
  foreign: readonly string[],
  limits: AgentLimits,
  isGoing: boolean,
): Verdict {
  const findings: readonly Finding[] =
    foreign.length > 0
      ? foreign.map((reason) => ({
          kind: "foreign",
          reason,
          remedies: { advice: `move ${pair.folder} out of the run's folder, or the run's figures count it` },
        }))
      : pair.unreadable !== ""
        ? [unread(pair, isGoing)]
        : [...agentFindings(pair, limits), ...evaluationFindings(pair)];
  const kind = byWeight.find((kind) => findings.some((finding) => finding.kind === kind)) ?? "valid";
  const decisive = findings.filter((finding) => finding.kind === kind);
  const remedies = decisive.flatMap(({ remedies }) => (remedies === undefined ? [] : [remedies]));
  return {
    pair,
    kind,
    reasons: [...new Set(decisive.map(({ reason }) => reason))],
    remedies: remedies.length === 0 ? [] : each(merged(remedies)),
  };
}

function unread({ isCutOff, unreadable: reason }: PairResult, isGoing: boolean): Finding {
  if (isCutOff && isGoing) return { kind: "running", reason: "it has no result yet" };
  return { kind: isCutOff ? "machine" : "unknown", reason };
}
