import { readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Identity } from "../checks/status/identity.ts";
import type { Environment } from "../lib/environment.ts";
import { realPlace } from "../lib/place.ts";
import { Problem } from "../lib/problem.ts";
import { type Fault, machine } from "../lib/remedy.ts";
import { project, type RawConfiguration } from "../program/configuration.ts";
import { stackIdIn, stackIdOf } from "../program/stack-id.ts";
import type { RehearsalUser } from "../rehearsal/users.ts";
import { backendUrl } from "./backend.ts";
import type { StackCaller } from "./caller.ts";
import { rehearsalOf } from "./rehearsal.ts";
import { isSameUser, liveUsers } from "./rehearsal-users.ts";
import { settingsFile, stackConfigurations } from "./stack-file.ts";
import { deniedState, type RecordPlace, readRecord, stacksInFiles } from "./stack-record.ts";
import { thingsOf } from "./things.ts";
import { judge, notThere, type Verdict, type WhoseQuestion } from "./whose.ts";

/** A stack that a command is about to work on. */
export interface Claim extends StackCaller, RecordPlace {
  readonly configuration: RawConfiguration;
}

/** What the claim has shown. */
export interface Claimed {
  readonly verdict: Verdict;
  readonly record: WhoseQuestion["record"];
}

/**
 * Looks whose a stack is. Reads the backend, the settings of the project's stacks, the markers in the checkout's folder
 * and the notes of a rehearsal; starts and changes nothing.
 *
 * @param mayMake whether the command makes a stack that the backend does not have.
 */
export async function lookWhose(claim: Claim, mayMake: boolean): Promise<Claimed> {
  const { projectDir, stack, configuration } = claim;
  const denied = deniedState(claim);
  if (denied !== undefined) {
    const found = `what stack ${stack} made is not known: ${denied.found}`;
    return { record: { kind: "absent" }, verdict: { ok: false, found, remedies: denied.remedies } };
  }
  const backend = backendUrl(claim.env);
  const record = await readRecord(claim);
  const setting = String(configuration.stackId ?? "");
  const id = stackIdOf(setting);
  const rehearsal = rehearsalOf(claim);
  const here = { host: hostname(), folder: realPlace(projectDir) };
  const identity = record.kind === "made" ? record.identity : undefined;
  const stacks = stacksInFiles(claim);
  const own = userOf(claim);
  const others = rehearsal === undefined ? [] : liveUsers(rehearsal).filter((user) => !isSameUser(user, own));
  const question: WhoseQuestion = {
    stack,
    file: settingsFile(projectDir, stack),
    id,
    isIdFree: isAbsolute(setting) && !others.some((user) => user.id === id),
    record,
    backend,
    stacks,
    here,
    isElsewhere: identity !== undefined && isElsewhere(stack, identity, here),
    // A state that has the stack knows best what is its own.
    things: record.kind === "made" ? [] : await thingsOf({ stack, id }, claim, others),
    copies: copiesOf(id, claim, stacks),
  };
  const verdict = judge(question);
  return {
    record,
    verdict: verdict.ok && record.kind === "absent" && !mayMake ? notThere(question) : verdict,
  };
}

/** A stack that is this folder's. */
export interface OwnStack {
  /** The id that its state has, and its settings lack; undefined where they have one. */
  readonly id: string | undefined;
  /** Whether its state was made before stacks had ids. */
  readonly isOlderThanIds: boolean;
}

/** As `lookWhose`, and says what is new about the stack. @throws a Problem where it is not this folder's. */
export async function claimStack(claim: Claim, mayMake: boolean): Promise<OwnStack> {
  const { verdict, record } = await lookWhose(claim, mayMake);
  if (!verdict.ok) throw new Problem(`${verdict.found}. Nothing was changed.`, verdict.remedies);
  if (verdict.note !== undefined) claim.output.say(verdict.note);
  return {
    id: verdict.id,
    isOlderThanIds: record.kind === "made" && record.identity?.id === undefined,
  };
}

/**
 * That the settings of a stack have lost the id which its state has; undefined where they have one, or name the file that
 * a rehearsal's start gives it in.
 *
 * @param ofState the id that the state has, and the settings lack.
 */
export function lostId(
  { stack, projectDir, configuration }: Pick<Claim, "stack" | "projectDir" | "configuration">,
  ofState: string | undefined,
): Fault | undefined {
  if (ofState === undefined || isAbsolute(String(configuration.stackId))) return undefined;
  return {
    found: `${settingsFile(projectDir, stack)} has lost the stack's id, which marks what belongs to it; its state still has it`,
    remedies: machine("set", stack, "stackId", ofState),
  };
}

/** The stack as one that uses a rehearsal. */
export function userOf({
  projectDir,
  stack,
  configuration,
  env,
}: Omit<Claim, "pulumi" | "output">): RehearsalUser {
  return {
    id: stackIdIn(configuration),
    stack,
    projectDir: realPlace(projectDir),
    backend: backendUrl(env),
    user: person(env),
  };
}

function person({ SUDO_USER }: Environment): string {
  try {
    return SUDO_USER || userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`; // one that this machine has no name for
  }
}

function isElsewhere(stack: string, state: Identity, here: WhoseQuestion["here"]): boolean {
  if (state.host !== here.host || state.folder === here.folder) return false;
  try {
    if (realPlace(state.folder) === here.folder) return false; // it was renamed, and has left a link
    const isProject = readFileSync(join(state.folder, "Pulumi.yaml"), "utf8").includes(`name: ${project}`);
    const theirs = stackConfigurations(state.folder).find((one) => one.stack === stack);
    const setting = String(theirs?.configuration.stackId ?? "");
    return isProject && theirs !== undefined && (isAbsolute(setting) || setting === (state.id ?? ""));
  } catch {
    return false; // gone, or no checkout of this project any more
  }
}

function copiesOf(
  id: string | undefined,
  { projectDir, stack }: Claim,
  known: readonly string[] | undefined,
): readonly string[] {
  if (id === undefined) return [];
  return stackConfigurations(projectDir)
    .filter((other) => other.stack !== stack && (known === undefined || known.includes(other.stack)))
    .filter((other) => stackIdIn(other.configuration) === id)
    .map((other) => other.stack);
}
