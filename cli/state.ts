import { lastOperation, readProofs, type StackState } from "../checks/status/proofs.ts";
import { machine } from "../lib/remedy.ts";
import { isStateMade } from "./backend.ts";
import { quietPulumi } from "./pulumi.ts";
import { deniedState, noSuchStack, type RecordPlace } from "./stack-record.ts";
import { attributesWords, cutOffState, updateFacts, updateFindings } from "./update-findings.ts";

/** Seconds that a backend may take to answer. */
const patience = 30;

/** Reads a stack's state from its backend, which is asked with a toolchain that is there. Changes nothing. */
export async function readState(place: RecordPlace): Promise<StackState> {
  const { stack, env, pulumi } = place;
  const nothing: StackState = { proofs: new Map() };
  const denied = deniedState(place);
  if (denied !== undefined) return { ...nothing, unread: denied.found, remedies: denied.remedies };
  if (!isStateMade(env)) return nothing;
  const facts = updateFacts(place);
  if (facts?.state.kind === "cut off") {
    const { found, remedies } = cutOffState(stack, facts.state);
    return { ...nothing, unread: found, remedies };
  }
  if (pulumi === undefined) return { ...nothing, unread: "Pulumi has yet to be found or installed" };
  const ask = (...args: readonly string[]) =>
    quietPulumi(pulumi, ["stack", ...args, "--stack", stack], { timeoutSeconds: patience });
  // A backend of files has it as Pulumi exports it, and takes no start of Pulumi to be read.
  const kept = facts?.state.kind === "whole" ? facts.state.latest : undefined;
  const [exported, history] = await Promise.all([
    kept === undefined ? ask("export") : undefined,
    ask("history", "--json", "--page-size", "1"),
  ]);
  const failed = [exported, history].find((answer) => answer !== undefined && answer.code !== 0);
  if (failed !== undefined) {
    if (noSuchStack.test(failed.stderr)) return nothing;
    const [cutOff] = facts?.attributes ?? [];
    if (cutOff !== undefined)
      return { ...nothing, unread: attributesWords(cutOff), remedies: machine("up", stack) };
    const unread = failed.timedOut
      ? `no answer within ${patience} s`
      : failed.stderr.trim().replaceAll(/\s+/g, " ");
    return { ...nothing, unread };
  }
  return {
    proofs: readProofs(exported === undefined ? kept : JSON.parse(exported.stdout).deployment),
    last: lastOperation(history.stdout),
  };
}

/** The same, with an update that is at work by now: it may have changed what was read, and what was seen meanwhile. */
export function withUnderway(state: StackState, place: RecordPlace): StackState {
  const facts = state.unread === undefined ? updateFacts(place) : undefined;
  const [underway] = facts === undefined ? [] : updateFindings(place.stack, facts);
  return { ...state, ...(underway && { underway }) };
}
