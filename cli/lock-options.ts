import { parseArgs } from "node:util";

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
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { check: { type: "boolean", default: false }, platform: { type: "string" } },
      allowPositionals: true,
    });
    const { check, platform } = values;
    const [stack, ...more] = positionals;
    if (more.length > 0) return undefined;
    if (platform !== undefined && !/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/.test(platform)) return undefined;
    return { check, ...(stack !== undefined && { stack }), ...(platform !== undefined && { platform }) };
  } catch {
    return undefined; // an option that is not known, or one without its value
  }
}
