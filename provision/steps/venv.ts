import { join } from "node:path";
import { list } from "../../lib/list.ts";
import { Problem } from "../../lib/problem.ts";
import { type Owner, ownerName } from "../ownership/owner.ts";
import { otherFolder } from "../remedies.ts";
import { meets } from "./python.ts";
import { faultOf, type VenvFault } from "./venv/fault.ts";
import { isInSync } from "./venv/install.ts";
import { versionOf } from "./venv/interpreter.ts";
import { adopt, isComplete, make, mend, noSource, packageName, type Step } from "./venv/make.ts";
import { markerFile } from "./venv/marker.ts";
import { originOf, type VenvOrigin } from "./venv/origin.ts";
import { otherFiles } from "./venv/other-files.ts";
import { discard, finishRemovals, removeEmpty } from "./venv/remove.ts";
import { endWriter } from "./venv/uv.ts";

/** The virtual environment that is wanted. */
export interface Venv {
  /** Folder of the CooperBench checkout; the environment is its `.venv`, where uv and its users look for it. */
  readonly folder: string;
  /** The stack that it is for. */
  readonly owner: Owner;
  /** Wanted Python, such as 3.12 or >=3.10. */
  readonly pythonVersion: string;
  /** Extras of the editable install. */
  readonly extras: readonly string[];
}

/** The virtual environment that is there. */
export interface VenvResult {
  /** Folder of the environment. */
  readonly venv: string;
  /** Version of its Python, as that gives it. */
  readonly pythonVersion: string;
  /** Whether the stack made it, and so may remove it. */
  readonly made: boolean;
  /** When it was last changed, in ISO 8601. */
  readonly changed: string;
}

const venvOf = (folder: string) => join(folder, ".venv");

/**
 * Makes the environment and the editable install with uv, or finds them good. What is not whole is put right in its
 * place where only packages are missing, so that those which the user added stay, and else made again. An environment
 * that is not the stack's and cannot be put right, or that has files of other origin, is moved aside.
 *
 * @param abort ends uv, and the step.
 */
export async function ensureVenv(
  wanted: Venv,
  report: (line: string) => void,
  abort?: AbortSignal,
): Promise<VenvResult> {
  const { folder, owner } = wanted;
  const venv = venvOf(folder);
  const step: Step = { ...wanted, venv, abort, report };
  await finishRemovals(venv, owner);
  const origin = originOf(venv, owner);
  await endWriterOf(venv, origin);
  if (origin.kind === "user" && origin.isMarkerBroken === true)
    report(`${markerFile(venv)} cannot be read, so ${venv} counts as yours`);

  const fault = await thoroughFaultOf(step, origin);
  if (fault?.cure === "checkout") throw noSource(folder, fault.what);
  if (fault === undefined && isTrusted(venv, origin) && (await isInSync(step))) return adopt(step, origin);
  const what = fault?.what ?? "it does not match this commit's uv.lock";
  if (origin.kind === "other") {
    throw new Problem(
      `${venv} belongs to stack ${ownerName(origin.marker, owner)}, and ${what}. Nothing in it was changed`,
      otherFolder(owner.stack),
    );
  }
  if (fault === undefined || fault.cure === "sync") {
    report(`installing ${packageName(wanted)} into ${venv}: ${what}`);
    const mended = await mend(step, origin);
    if (mended !== undefined) return mended;
  }
  return make(step, originOf(venv, owner), what);
}

/** Removes the environment where the stack made it, unless there is something in it that the stack did not make. */
export async function removeVenv(
  folder: string,
  owner: Owner,
  report: (line: string) => void,
): Promise<void> {
  const venv = venvOf(folder);
  await finishRemovals(venv, owner);
  const origin = originOf(venv, owner);
  if (origin.kind === "absent") return removeEmpty(venv);
  if (origin.kind === "own" || origin.kind === "moved") {
    await endWriterOf(venv, origin);
    const others = otherFiles(venv, origin.marker);
    if (others.length === 0) return discard(venv);
    return report(`${venv} is left: it has files that the stack did not make (${list(others)})`);
  }
  const why = whyLeft(venv, origin, owner);
  if (why !== undefined) report(`${venv} is left: ${why}`);
}

/** What a reader should know of an environment that is not the stack's; undefined where it never was. */
function whyLeft(venv: string, origin: VenvOrigin, owner: Owner): string | undefined {
  if (origin.kind === "other") return `stack ${ownerName(origin.marker, owner)} has taken it over`;
  if (origin.kind === "copy") return `it is a copy of ${origin.from}`;
  return origin.kind === "user" && origin.isMarkerBroken === true
    ? `${markerFile(venv)} cannot be read, so who made it is not known`
    : undefined;
}

async function endWriterOf(venv: string, origin: VenvOrigin): Promise<void> {
  const intent =
    origin.kind === "own" ? origin.marker.intent : origin.kind === "user" ? origin.intent : undefined;
  if (intent !== undefined) await endWriter(venv, intent);
}

/** As a look at the files sees it, and what its Python says itself. */
async function thoroughFaultOf({ folder, venv, pythonVersion }: Step, origin: VenvOrigin) {
  const seen = faultOf(folder, pythonVersion, origin);
  if (seen !== undefined && seen.cure !== "sync") return seen;
  const version = await versionOf(venv);
  if (version !== undefined && meets(version, pythonVersion)) return seen;
  const what =
    version === undefined ? "its Python does not run" : `its Python is ${version}, not ${pythonVersion}`;
  return { what, cure: "make" } satisfies VenvFault;
}

/** Whether a look can tell that all is there: a marker older than ids was written before the installation. */
function isTrusted(venv: string, origin: VenvOrigin): boolean {
  return origin.kind !== "own" || origin.marker.packages !== undefined || isComplete(venv);
}
