/** How Pulumi is started: recorded where it takes the stack's update lock, and without backups that pile up. */
import { hostname } from "node:os";
import { stackOf } from "./named-stack.ts";
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
  /** Variables on top of this process's. */
  readonly env: Readonly<Record<string, string>>;
  /** To be called when it has ended, with its exit code, or null for a signal. */
  ended(pid: number | undefined, code: number | null): void;
}

/** Pulumi with these arguments. */
export function pulumiProcess(executable: string, args: readonly string[]): PulumiProcess {
  const quiet = {
    // A copy of the state for each update, kept for ever; the .bak beside the state stays.
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS:
      process.env.PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS ?? "true",
  };
  if (!takesLock(args)) return { file: executable, args, env: quiet, ended: () => {} };
  const stack = stackOf(args) ?? "";
  const { forget, ...recorded } = recordRun(stack, executable, args);
  return {
    ...recorded,
    env: { ...quiet, ...recorded.env },
    ended(pid, code) {
      if (!hasLeftLock(stack, pid, code)) forget();
    },
  };
}

/** Whether a process that has ended has left its lock: then its record is needed yet. */
function hasLeftLock(stack: string, pid: number | undefined, code: number | null): boolean {
  const files = stack === "" ? undefined : stateFiles(stack);
  if (files === undefined) return code === null;
  return updateLocks(files, () => []).some(
    ({ holder }) => holder?.pid === pid && holder?.hostname === hostname(),
  );
}
