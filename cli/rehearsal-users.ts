import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Rehearsal } from "../rehearsal/rehearsal.ts";
import { type RehearsalUser, readUsers } from "../rehearsal/users.ts";
import { stackConfigurations } from "./stack-file.ts";
import { recordInFiles } from "./stack-record.ts";
import { stateFiles } from "./state-files.ts";

/**
 * Whether a stack that is noted as a rehearsal's user can still be one: its project's folder has it, and its state, where
 * that can be read at once, has something. A stack that never ended an update counts: it may be at its first one.
 */
export function isLive({ id, stack, projectDir, backend }: RehearsalUser): boolean {
  if (!existsSync(join(projectDir, "Pulumi.yaml"))) return false;
  const name = stackConfigurations(projectDir).find(
    (one) => one.stack === stack || (id !== undefined && one.configuration.stackId === id),
  )?.stack;
  if (name === undefined) return false;
  const files = stateFiles({ stack: name, projectDir, env: { PULUMI_BACKEND_URL: backend } });
  if (files === undefined) return true;
  try {
    const record = recordInFiles(name, files);
    return record.kind === "made" || (record.kind === "empty" && !record.wasUpdated);
  } catch {
    return true; // a state that cannot be read is not one that has nothing
  }
}

/** Those that use a rehearsal, and are still there. */
export function liveUsers(rehearsal: Rehearsal): readonly RehearsalUser[] {
  return readUsers(rehearsal.dir).filter(isLive);
}

/** Whether two notes are of one stack, which may have been renamed. */
export function isSameUser(one: RehearsalUser, other: RehearsalUser): boolean {
  const isSamePlace = one.projectDir === other.projectDir && one.backend === other.backend;
  return isSamePlace && (one.stack === other.stack || (one.id !== undefined && one.id === other.id));
}

/** A user in words. */
export function told({ stack, projectDir, user }: RehearsalUser): string {
  return `stack ${stack} of ${projectDir} (${user})`;
}
