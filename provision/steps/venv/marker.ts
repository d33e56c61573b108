import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { thisProcess } from "../../../lib/process-id.ts";
import { type Marker, writeMarker } from "../../ownership/marker.ts";
import type { Owner } from "../../ownership/owner.ts";

/** What a step has noted in an environment: that it is whole, or what the step is about to do in it. */
export interface VenvMarker extends Marker {
  /** When the stack has last changed it, in ISO 8601; undefined while it has yet to be whole. */
  readonly changed?: string;
  /**
   * One file of each package that makes it whole, by the package's dist-info, both from site-packages. Undefined in a
   * marker that is older than ids.
   */
  readonly packages?: Readonly<Record<string, string>>;
  /** What a step is doing in it. Where no step is, the step was cut off. */
  readonly intent?: VenvIntent;
}

/** What a step is about to do in an environment. */
export interface VenvIntent {
  /** The environment is the stack's, or the user's, who then is left an environment without a marker. */
  readonly of: "stack" | "user";
  /** The process of the step, as `thisProcess` has it. */
  readonly maker: string;
  /** When the step began, in milliseconds since 1970. */
  readonly since: number;
  /** Files in it that were of other origin before, from its folder. */
  readonly otherFiles: readonly string[];
}

const NAME = "cooperbench-machine.json";

/** The marker of an environment. */
export const markerFile = (venv: string) => join(venv, NAME);

/** Names the process of uv that last began to write in an environment. */
export const writerFile = (venv: string) => join(venv, "cooperbench-machine.pid");

/** What is to be installed, while it is. */
export const requirementsFile = (venv: string) => join(venv, "cooperbench-machine.txt");

/** Whether a name in an environment's folder is one that a step gives, for good or for a moment. */
export function isStepsFile(name: string): boolean {
  return /^cooperbench-machine\.(json(\.\d+\.new)?|pid(\.new)?|txt)$/.test(name);
}

/** Notes what is about to be done in an environment, before anything is. */
export function writeIntent(
  venv: string,
  owner: Owner,
  intent: Pick<VenvIntent, "of" | "otherFiles">,
  before?: VenvMarker,
): void {
  writeMarker<VenvMarker>(markerFile(venv), {
    ...owner,
    path: venv,
    ...(before?.packages && { packages: before.packages }),
    intent: { ...intent, maker: thisProcess(), since: Date.now() },
  });
}

/** Notes that an environment is whole. The last thing that a step does. */
export function writeWhole(
  venv: string,
  owner: Owner,
  whole: { readonly changed: string; readonly packages: Readonly<Record<string, string>> },
): void {
  removeTraces(venv);
  writeMarker<VenvMarker>(markerFile(venv), { ...owner, path: venv, ...whole });
}

/** Takes away what steps have left beside the marker. */
export function removeTraces(venv: string): void {
  for (const name of readdirSync(venv)) {
    if (isStepsFile(name) && name !== NAME) rmSync(join(venv, name), { force: true });
  }
}
