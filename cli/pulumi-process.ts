/** How Pulumi is started: recorded where it takes the stack's update lock, and without backups that pile up. */
import { hostname } from "node:os";
import { type Environment, environmentFor } from "../lib/environment.ts";
import type { StackPlace } from "./caller.ts";
import { stackOf } from "./named-stack.ts";
import type { Pulumi } from "./pulumi.ts";
import { recordRun } from "./recorded-runs.ts";
import { stateFiles } from "./state-files.ts";
import { updateLocks } from "./update-locks.ts";

/** Commands that take the lock. What has such a word elsewhere in its arguments is recorded too, which does no harm. */
const LOCKING =
  /^(up|update|destroy|down|dn|refresh|import|watch|state|init|rm|rename|change-secrets-provider)$/;

/** Whether a command may take the update lock. */
export function takesLock(args: readonly string[]): boolean {
  return args.some((arg) => LOCKING.test(arg));
}

/** A program as it is to be started. */
export interface PulumiProcess {
  readonly file: string;
  readonly args: readonly string[];
  /** All of its variables. */
  readonly env: Readonly<Record<string, string>>;
  /** To be called when it has ended, with its exit code, or null for a signal. */
  ended(pid: number | undefined, code: number | null): void;
}

/**
 * Pulumi with these arguments.
 *
 * @param more variables for this command alone.
 */
export function pulumiProcess(
  { file, projectDir, env }: Pulumi,
  args: readonly string[],
  more: Environment = {},
): PulumiProcess {
  // A copy of the state for each update would be kept for ever; the .bak beside the state stays.
  const quiet = { [backups]: env[backups] ?? "true", ...more };
  if (!takesLock(args)) return { file, args, env: environmentFor("pulumi", env, quiet), ended: () => {} };
  const stack = stackOf(args, env) ?? "";
  const { forget, ...recorded } = recordRun(stack, file, args, env);
  return {
    ...recorded,
    env: environmentFor("pulumi", env, { ...quiet, ...recorded.env }),
    ended(pid, code) {
      if (!hasLeftLock({ stack, projectDir, env }, pid, code)) forget();
    },
  };
}

const backups = "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS";

/** Whether a process that has ended has left its lock: then its record is needed yet. */
function hasLeftLock(place: StackPlace, pid: number | undefined, code: number | null): boolean {
  const files = place.stack === "" ? undefined : stateFiles(place);
  if (files === undefined) return code === null;
  return updateLocks(files, () => []).some(
    ({ holder }) => holder?.pid === pid && holder?.hostname === hostname(),
  );
}
