import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { Owner } from "../provision/ownership/owner.ts";

/** Type of the resource that says in a stack's state whose the stack is. */
export const identityType = "cooperbench:stack:StackIdentity";

/** An id of a stack, as `crypto.randomUUID` makes it. */
export const stackIdPattern = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/**
 * The id that a stack's setting `stackId` gives it: its value, or what the file has that it names.
 *
 * @returns undefined for a stack that is older than ids, and where that file is not there yet.
 */
export function stackIdOf(setting: string): string | undefined {
  if (!isAbsolute(setting)) return setting || undefined;
  try {
    return stackIdPattern.exec(readFileSync(setting, "utf8"))?.[0];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The id that a configuration gives its stack. */
export function stackIdIn({ stackId }: Readonly<Record<string, unknown>>): string | undefined {
  return stackIdOf(String(stackId ?? ""));
}

/** A stack as what it makes names it. */
export function ownerOf(stack: string, { stackId }: { readonly stackId: string }): Owner {
  return { stack, id: stackIdOf(stackId) };
}
