import { machine } from "../lib/remedy.ts";
import type { Caller } from "./caller.ts";
import { NotUnderstood } from "./exit-codes.ts";
import { quietPulumi } from "./pulumi.ts";
import { openToolchain } from "./session.ts";

/** Options that are given so often that Pulumi is not started for them. */
const known = {
  up: ["-y", "--yes", "--diff"],
  preview: ["-j", "--json", "--diff", "--expect-no-changes"],
  destroy: ["--diff"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/**
 * Has Pulumi itself read the options that an operation is to be given, before anything is made ready for it.
 *
 * @throws NotUnderstood with what Pulumi says of them.
 */
export async function assertOptions(
  caller: Caller,
  command: keyof typeof known,
  options: readonly string[],
): Promise<void> {
  const usual: readonly string[] = known[command];
  if (options.every((one) => usual.includes(one))) return;
  const { pulumi } = await openToolchain(caller);
  // Help stands first: an option that lacks its value would take it, and the operation would begin.
  const { code, stderr } = await quietPulumi(pulumi, [command, "--help", ...options]);
  if (code === 0) return;
  const why = stderr.trim().replace(/^error: /, "");
  throw new NotUnderstood(`${why}. Nothing was done.`, machine(command, "--help"));
}
