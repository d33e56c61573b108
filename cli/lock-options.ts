import { parseOptions } from "./options.ts";

/** What `./machine lock` is told. */
export interface LockOptions {
  /** Default: Docker Hub, and the lock file of stacks that set none. */
  readonly stack?: string;
  /** Whether to compare only. */
  readonly check: boolean;
  /** Which image of an index is meant. Default: the one that is locked, else linux/amd64. */
  readonly platform?: string;
}

/** Reads the arguments; undefined where they are not understood. */
export function lockOptions(args: readonly string[]): LockOptions | undefined {
  const read = parseOptions(args, {
    check: { type: "boolean", default: false },
    platform: { type: "string" },
  });
  if (read === undefined) return undefined;
  const { stack, values } = read;
  const { check, platform } = values;
  if (platform !== undefined && !/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/.test(platform)) return undefined;
  return { check, ...(stack !== undefined && { stack }), ...(platform !== undefined && { platform }) };
}
