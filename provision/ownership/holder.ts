/**
 * Which of a stack's resources holds a thing. Pulumi replaces a resource by making the new one first and removing the
 * old one after: where both are the same thing on the machine, the new one has found it, and the removal of the old one
 * must leave it. So each resource has a word of its own, which its result carries in the state and the thing's marker
 * has as well.
 */
import { randomBytes } from "node:crypto";
import { readMarker, writeMarker } from "./marker.ts";
import { isOf, type Owner } from "./owner.ts";

/** A stack, with the word of the resource that holds its thing. */
export interface Holder extends Owner {
  /** Undefined in what is older than such words. */
  readonly holder?: string | undefined;
}

/** A stack whose things are removed. */
export interface Taker extends Owner {
  /** Whether all of the stack goes, so that nothing is kept for another resource. */
  readonly takesAll?: boolean;
}

/**
 * Set by `./machine destroy` to the stack's id, or to nothing for a stack that is older than ids: all of the stack goes,
 * and nothing is kept for another resource.
 */
export const wholeStackVariable = "COOPERBENCH_MACHINE_DESTROYS";

/** The word of this resource: a new one for a new resource, and the one of the last result for one that is there. */
export function holderFor(verb: string): string {
  return (verb === "make" ? undefined : wordInState()) ?? randomBytes(4).toString("hex");
}

/**
 * Whether a thing that is to be removed is held by another resource than this one.
 *
 * @param takesAll whether whoever removes it takes all of the stack. Default: what the variable says.
 */
export function isTakenOver(
  { holder }: { readonly holder?: string | undefined },
  { takesAll = process.env[wholeStackVariable] !== undefined }: Pick<Taker, "takesAll"> = {},
): boolean {
  if (takesAll) return false;
  return holder !== undefined && holder !== wordInState();
}

/** As `isTakenOver`, of the thing whose marker is in a file. */
export function isHeldByOther(file: string): boolean {
  return isTakenOver(readMarker<Holder>(file) ?? {});
}

/** Has the marker in a file name the resource that holds the thing, where the thing is the stack's. */
export function hold(file: string, owner: Holder): void {
  const marker = readMarker<Holder>(file);
  if (marker !== undefined && isOf(marker, owner) && marker.holder !== owner.holder)
    writeMarker(file, { ...marker, holder: owner.holder });
}

function wordInState(): string | undefined {
  return lastResult<Holder>()?.holder;
}

/** This resource's last result, which Pulumi gives to its command; undefined for a resource that is new. */
export function lastResult<Result extends object>(): Partial<Result> | undefined {
  try {
    return JSON.parse(process.env.PULUMI_COMMAND_STDOUT ?? "") as Partial<Result>;
  } catch {
    return undefined; // of a state that is older than results
  }
}
