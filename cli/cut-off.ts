/**
 * What an update that was killed leaves is seen to by the next command that changes the stack: its lock, processes of
 * it that run on, operations that Pulumi's state counts as begun, temporary containers and folders.
 */

import type { Finding } from "../checks/finding.ts";
import { Problem } from "../lib/problem.ts";
import { isGone } from "../lib/process-id.ts";
import { removeLeftoverContainers } from "../provision/engine/leftovers.ts";
import { removeLeftoverFolders } from "../provision/ownership/temporary.ts";
import { stampOf } from "../toolchain/record.ts";
import { identityOf } from "./identity.ts";
import { endOrphans } from "./orphans.ts";
import { quietPulumi } from "./pulumi.ts";
import { forgetGoneRuns, recordedRuns } from "./recorded-runs.ts";
import { findState, type PendingOperation, pendingInExport, stateFiles } from "./state-files.ts";
import { cutOffState, lockFinding, pendingWords } from "./update-findings.ts";
import { removeLock, settledLocks, type UpdateLock, updateLocks } from "./update-locks.ts";

const say = (line: string) => process.stderr.write(`machine: ${line}\n`);

/**
 * Takes away the lock of an update that is gone. To be called before anything is started.
 *
 * @throws a Problem where another update runs, or may run, or the state is not whole.
 */
export async function takeOver(stack: string): Promise<void> {
  assertWholeState(stack);
  const held = await clearGoneLocks(stack);
  if (held.length > 0) {
    const findings = held.map((lock) => lockFinding(stack, lock));
    throw problem(`stack ${stack} is locked, and nothing was changed`, findings);
  }
}

/** Takes away the locks of updates that are gone, with a line that says so. Gives the others. */
export async function clearGoneLocks(stack: string): Promise<readonly UpdateLock[]> {
  const files = stateFiles(stack);
  const locks = files ? await settledLocks(files) : [];
  const isHeld = ({ kind }: UpdateLock) => kind === "running" || kind === "unknown";
  for (const lock of locks.filter((one) => !isHeld(one))) {
    if (lock.run !== undefined) await endOrphans(lock.run.run);
    removeLock(lock);
    say(`${lockFinding(stack, lock).found}; its lock is removed: ${lock.file}`);
  }
  return locks.filter(isHeld);
}

/** Says that an update runs, or was cut off, to whoever only looks. */
export function tellUpdate(stack: string): void {
  const files = stateFiles(stack);
  for (const lock of files ? updateLocks(files) : []) {
    const { found, remedy } = lockFinding(stack, lock);
    say(`${found}. ${remedy}`);
  }
}

/** Throws a Problem, with the copy that replaces it, where the state of a stack is not whole. */
export function assertWholeState(stack: string): void {
  const files = stateFiles(stack);
  const state = files && findState(files);
  if (state?.kind === "cut off") throw problem("the stack cannot be read", [cutOffState(stack, state)]);
}

/**
 * Clears what the state counts as begun by an update that was cut off: creations, which Pulumi itself keeps for ever.
 * The program finds again what they have made. Pulumi itself does the others again.
 *
 * @returns the names of the resources whose creation was cut off.
 */
export async function clearPendingOperations(executable: string, stack: string): Promise<readonly string[]> {
  const pending = await pendingOperations(executable, stack);
  const created = pending.filter(({ type }) => type === "creating").map(({ resource }) => resource);
  if (pending.length > 0) say(pendingWords(pending));
  if (created.length > 0) await dropPendingOperations(executable, stack);
  forgetGoneRuns(stack);
  return created;
}

/** Has the state written anew, which drops them. Its secrets stay encrypted on the way. */
async function dropPendingOperations(executable: string, stack: string): Promise<void> {
  const fails = (said: string) =>
    new Problem(`what was begun could not be cleared from the state:\n${said.trim()}`);
  const files = stateFiles(stack);
  // What an update that has begun meanwhile writes must not be written over.
  await takeOver(stack);
  const before = files && stampOf(files.state);
  const exported = await quietPulumi(executable, ["stack", "export", "--stack", stack]);
  if (exported.code !== 0) throw fails(exported.stderr);
  await takeOver(stack);
  if (before !== (files && stampOf(files.state))) throw fails("another command has changed it just now");
  const imported = await quietPulumi(executable, ["stack", "import", "--stack", stack], {
    input: exported.stdout,
  });
  if (imported.code !== 0) throw fails(imported.stderr);
}

/** From the state's file; of another backend, which has none, Pulumi is asked where a recorded run was cut off. */
async function pendingOperations(executable: string, stack: string): Promise<readonly PendingOperation[]> {
  const files = stateFiles(stack);
  if (files !== undefined) {
    const state = findState(files);
    return state.kind === "whole" ? state.pending : [];
  }
  if (!recordedRuns().some((run) => run.stack === stack && isGone(run))) return [];
  const { code, stdout } = await quietPulumi(executable, ["stack", "export", "--stack", stack]);
  return code === 0 ? pendingInExport(stdout) : [];
}

/** Removes the temporary containers and folders of a stack that dead processes have left, and says so. */
export async function removeLeftovers(dockerHost: string, stack: string): Promise<void> {
  const identity = identityOf(stack);
  const left = [
    ...(await removeLeftoverContainers(dockerHost, identity)),
    ...removeLeftoverFolders(identity),
  ];
  if (left.length > 0) say(`removed what a killed command has left: ${left.join(", ")}`);
}

function problem(what: string, findings: readonly Finding[]): Problem {
  return new Problem(
    [what, ...findings.flatMap(({ found, remedy }) => [found, `Fix: ${remedy}`])].join("\n"),
  );
}
