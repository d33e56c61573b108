/**
 * What an update that was killed leaves is seen to by the next command that changes the stack: its lock, processes of
 * it that run on, operations that Pulumi's state counts as begun, temporary containers and folders.
 */

import { rmSync } from "node:fs";
import { isGone } from "../lib/process-id.ts";
import { remedyLine } from "../lib/remedy.ts";
import { removeLeftoverContainers } from "../provision/engine/leftovers.ts";
import { removeLeftoverFolders } from "../provision/ownership/temporary.ts";
import type { StackCaller, StackPlace } from "./caller.ts";
import { problemOf } from "./findings.ts";
import { identityOf } from "./identity.ts";
import { endOrphans } from "./orphans.ts";
import { quietPulumi } from "./pulumi.ts";
import { forgetGoneRuns, recordedRuns } from "./recorded-runs.ts";
import { rewriteState } from "./rewrite-state.ts";
import type { Found, Opened } from "./session.ts";
import {
  cutOffAttributes,
  type FoundState,
  findState,
  type PendingOperation,
  pendingInExport,
  stateFiles,
} from "./state-files.ts";
import {
  attributesWords,
  cutOffState,
  lockFinding,
  pendingWords,
  updateFacts,
  updateFindings,
} from "./update-findings.ts";
import { removeLock, settledLocks, type UpdateLock } from "./update-locks.ts";

/**
 * Takes away the lock of an update that is gone. To be called before anything is started.
 *
 * @returns the caller with the state, which is read here and no more until the update.
 * @throws a Problem where another update runs, or may run, or the state is not whole.
 */
export async function takeOver<Of extends StackCaller>(caller: Of): Promise<Of> {
  const { stack } = caller;
  const state = wholeState(caller);
  const held = await clearGoneLocks(caller);
  if (held.length > 0) {
    const findings = held.map((lock) => lockFinding(stack, lock));
    throw problemOf(`stack ${stack} is locked, and nothing was changed`, findings);
  }
  const files = stateFiles(caller);
  for (const file of files ? cutOffAttributes(files) : []) {
    rmSync(file, { force: true });
    caller.output.say(`${attributesWords(file)}; it holds nothing that is needed, and is removed`);
  }
  return { ...caller, state };
}

/** Takes away the locks of updates that are gone, with a line that says so. Gives the others. */
export async function clearGoneLocks(caller: StackCaller): Promise<readonly UpdateLock[]> {
  const { stack, env, output } = caller;
  const files = stateFiles(caller);
  const locks = files ? await settledLocks(files, () => recordedRuns(env)) : [];
  const isHeld = ({ kind }: UpdateLock) => kind === "running" || kind === "unknown";
  for (const lock of locks.filter((one) => !isHeld(one))) {
    if (lock.run !== undefined) await endOrphans(lock.run.run);
    removeLock(lock);
    output.say(`${lockFinding(stack, lock).found}; its lock is removed: ${lock.file}`);
  }
  return locks.filter(isHeld);
}

/** @throws a Problem where an update is known to run: `pulumi cancel` would take its lock away from it. */
export function assertNoneRuns(place: StackPlace): void {
  const running = updateFacts(place)?.locks.filter(({ kind }) => kind === "running") ?? [];
  const findings = running.map((lock) => lockFinding(place.stack, lock));
  if (findings.length > 0) throw problemOf("the update lock stays", findings);
}

/** Says that an update runs, or was cut off, to whoever only looks. */
export function tellUpdate(caller: StackCaller): void {
  const { stack, output } = caller;
  const facts = updateFacts(caller);
  // Of the state itself whoever reads it tells.
  const findings = facts ? updateFindings(stack, { ...facts, state: { kind: "none" } }) : [];
  for (const { found, remedies } of findings) output.say(`${found}. ${remedyLine(remedies)}`);
}

/**
 * Reads the state of a stack; undefined where it is in no files.
 *
 * @throws a Problem, with the copy that replaces it, where it is not whole.
 */
export function wholeState(place: StackPlace): FoundState | undefined {
  const { stack } = place;
  const files = stateFiles(place);
  const state = files && findState(files);
  if (state?.kind === "cut off") throw problemOf("the stack cannot be read", [cutOffState(stack, state)]);
  return state;
}

/**
 * Clears what the state counts as begun by an update that was cut off: creations, which Pulumi itself keeps for ever.
 * The program finds again what they have made. Pulumi itself does the others again.
 *
 * @returns the names of the resources whose creation was cut off.
 */
export async function clearPendingOperations(opened: Opened): Promise<readonly string[]> {
  const pending = await pendingOperations(opened);
  const created = pending.filter(({ type }) => type === "creating").map(({ resource }) => resource);
  if (pending.length > 0) opened.output.say(pendingWords(pending));
  if (created.length > 0) await rewriteState(opened);
  forgetGoneRuns(opened.stack, opened.env);
  return created;
}

/** From the state's file; of another backend, which has none, Pulumi is asked where a recorded run was cut off. */
async function pendingOperations(opened: Opened): Promise<readonly PendingOperation[]> {
  const { pulumi, stack, env } = opened;
  if (opened.state !== undefined) return opened.state.kind === "whole" ? opened.state.pending : [];
  if (!recordedRuns(env).some((run) => run.stack === stack && isGone(run))) return [];
  const { code, stdout } = await quietPulumi(pulumi, ["stack", "export", "--stack", stack]);
  return code === 0 ? pendingInExport(stdout) : [];
}

/** Removes the temporary containers and folders of a stack that dead processes have left, and says so. */
export async function removeLeftovers(found: Found): Promise<void> {
  const identity = identityOf(found);
  const left = [
    ...(await removeLeftoverContainers(found.dockerHost, identity)),
    ...removeLeftoverFolders(identity),
  ];
  if (left.length > 0) found.output.say(`removed what a killed command left behind: ${left.join(", ")}`);
}
