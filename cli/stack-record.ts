import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { identityIn, type StackRecord } from "../checks/status/identity.ts";
import { assertReadable, type Denied, deniedAt } from "../lib/denied.ts";
import { Problem } from "../lib/problem.ts";
import { machine } from "../lib/remedy.ts";
import { project } from "../program/configuration.ts";
import { backendFolder, backendUrl } from "./backend.ts";
import type { StackPlace } from "./caller.ts";
import { type Pulumi, quietPulumi } from "./pulumi.ts";
import { type FoundState, findState, packedText, type StateFiles, stateFiles } from "./state-files.ts";
import { cutOffState } from "./update-findings.ts";

/** A stack, and whom another backend than one of files is asked by. */
export interface RecordPlace extends StackPlace {
  /** Undefined where there is no toolchain yet. */
  readonly pulumi: Pulumi | undefined;
}

/** What Pulumi says where the backend answers, and has no such stack; not every version has an exit code for it. */
export const noSuchStack = /no stack named .* found/;

/**
 * What the backend has of a stack. A backend of files is read, which takes milliseconds; another is asked with Pulumi.
 *
 * @throws a Problem where the backend does not answer, or its answer cannot be read.
 */
export async function readRecord(place: RecordPlace): Promise<StackRecord> {
  const { stack, env, pulumi, state } = place;
  const files = stateFiles(place);
  if (files !== undefined) {
    const found = recordInFiles(stack, files, state);
    // A layout that is older than projects is Pulumi's to read.
    if (found.kind !== "absent" || !existsSync(join(files.folder, ".pulumi", "stacks", `${stack}.json`)))
      return found;
  }
  if (pulumi === undefined)
    throw new Problem(
      `${backendUrl(env)} cannot be asked: Pulumi has yet to be installed`,
      machine("up", stack),
    );
  return askRecord(pulumi, stack);
}

/** The stacks of this project that a backend of files has; undefined for a backend of another kind. */
export function stacksInFiles({
  projectDir,
  env,
}: Pick<StackPlace, "projectDir" | "env">): readonly string[] | undefined {
  const folder = backendFolder(projectDir, backendUrl(env));
  if (folder === undefined) return undefined;
  const stacks = join(folder, ".pulumi", "stacks", project);
  assertReadable(stacks);
  if (!existsSync(stacks)) return [];
  return readdirSync(stacks)
    .flatMap((file) => /^(.+)\.json(\.gz|\.zst)?$/.exec(file)?.[1] ?? [])
    .toSorted();
}

/** What keeps this user from reading a stack's state; undefined where nothing does, or the backend is no folder. */
export function deniedState(place: StackPlace): Denied | undefined {
  const files = stateFiles(place);
  return files && deniedIn(files);
}

/** A file that may not be read is not one that is not there. */
function deniedIn({ state }: StateFiles): Denied | undefined {
  for (const path of [dirname(state), state, `${state}.gz`, `${state}.zst`]) {
    const denied = deniedAt(path);
    if (denied !== undefined) return denied;
  }
  return undefined;
}

/**
 * What a backend of files has of a stack.
 *
 * @param state as it is there. Default: it is read.
 * @throws a Problem where it cannot be read.
 */
export function recordInFiles(
  stack: string,
  files: StateFiles,
  state: FoundState = findState(files),
): StackRecord {
  if (state.kind === "none") {
    const denied = deniedIn(files);
    if (denied !== undefined)
      throw new Problem(`the state of stack ${stack} is not known: ${denied.found}`, denied.remedies);
    return { kind: "absent" };
  }
  if (state.kind === "cut off") {
    const { found, remedies } = cutOffState(stack, state);
    throw new Problem(found, remedies);
  }
  const made = identityIn(state.latest);
  return made !== undefined
    ? { kind: "made", ...made }
    : { kind: "empty", wasUpdated: wasUpdated(files.history) };
}

/** A state that the backend does not give, or not as one. */
function unread(stack: string, why: string): Problem {
  return new Problem(`the state of stack ${stack} cannot be read${why}`, {
    ...machine("pulumi", "stack", "--stack", stack),
    when: "to have Pulumi read it",
  });
}

function parse(text: string, stack: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unread(stack, `: ${(error as Error).message}`);
  }
}

function wasUpdated(history: string): boolean {
  if (!existsSync(history)) return false;
  return readdirSync(history).some((file) => {
    if (!/\.history\.json(\.gz|\.zst)?$/.test(file)) return false;
    const text = packedText(join(history, file.replace(/\.(gz|zst)$/, ""))) ?? "";
    return /"kind":\s*"update"/.test(text);
  });
}

async function askRecord(pulumi: Pulumi, stack: string): Promise<StackRecord> {
  const exported = await quietPulumi(pulumi, ["stack", "export", "--stack", stack], { timeoutSeconds: 60 });
  if (exported.code !== 0) {
    if (noSuchStack.test(exported.stderr)) return { kind: "absent" };
    throw unread(stack, `:\n${exported.stderr.trim()}`);
  }
  const made = identityIn((parse(exported.stdout, stack) as { readonly deployment?: unknown }).deployment);
  if (made !== undefined) return { kind: "made", ...made };
  const history = await quietPulumi(pulumi, ["stack", "history", "--json", "--stack", stack], {
    timeoutSeconds: 60,
  });
  return { kind: "empty", wasUpdated: /"kind":\s*"update"/.test(history.stdout) };
}
