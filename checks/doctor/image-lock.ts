import type { LockedTask } from "../../benchmark/images-lock.ts";
import { machine } from "../../lib/remedy.ts";
import { type Finding, ok, warning } from "../finding.ts";

/**
 * Whether the lock names every wanted image.
 *
 * @param ignored what the lock says and nobody obeys, in words. Default: nothing.
 */
export function lockFinding(tasks: readonly LockedTask[], stack: string, ignored?: string): Finding {
  const unlocked = tasks.filter(({ locked }) => locked === undefined).length;
  if (unlocked === 0 && ignored !== undefined) return warning("lock", ignored, machine("lock", stack));
  if (unlocked === 0) return ok("lock", `all ${tasks.length} images are locked to their digests`);
  return warning(
    "lock",
    `${unlocked} of ${tasks.length} images are not locked: a tag that moves upstream goes unnoticed`,
    machine("lock", stack),
  );
}
