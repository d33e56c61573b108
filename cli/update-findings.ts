/** What stands in the way of the next update since the last one runs yet, or was cut off, in words. */

import { basename } from "node:path";
import { blocker, type Faulty, type Finding, ok, warning } from "../checks/finding.ts";
import { count } from "../checks/units.ts";
import { machine, type Remedies } from "../lib/remedy.ts";
import type { StackPlace } from "./caller.ts";
import { recordedRuns } from "./recorded-runs.ts";
import {
  cutOffAttributes,
  type FoundState,
  findState,
  type PendingOperation,
  stateFiles,
} from "./state-files.ts";
import { type UpdateLock, updateLocks } from "./update-locks.ts";

const check = "update";

/** What the files of a stack tell of its last update; nothing for another backend. */
export interface UpdateFacts {
  readonly locks: readonly UpdateLock[];
  readonly state: FoundState;
  /** Files that keep Pulumi from reading the state, and hold nothing that is needed. */
  readonly attributes: readonly string[];
}

/** Looks at a stack's locks and its state. Changes nothing. */
export function updateFacts(place: StackPlace): UpdateFacts | undefined {
  const files = stateFiles(place);
  if (files === undefined) return undefined;
  const locks = updateLocks(files, () => recordedRuns(place.env));
  // An update that runs may just be writing one.
  const isWritten = locks.some(({ kind }) => kind === "running");
  return { locks, state: findState(files), attributes: isWritten ? [] : cutOffAttributes(files) };
}

/** Everything that is not well; none where all is. */
export function updateFindings(stack: string, { locks, state, attributes }: UpdateFacts): readonly Faulty[] {
  return [
    ...attributes.map((file) => warning(check, attributesWords(file), machine("up", stack))),
    ...(state.kind === "cut off" ? [cutOffState(stack, state)] : []),
    ...locks.map((lock) => lockFinding(stack, lock)),
    ...(state.kind === "whole" && state.pending.length > 0 && locks.length === 0
      ? [warning(check, pendingWords(state.pending), goOn(stack, state.pending))]
      : []),
  ];
}

/** As the doctor tells it: a line also where all is well. */
export function updateChecks(stack: string, facts: UpdateFacts | undefined): readonly Finding[] {
  if (facts === undefined) return [ok(check, "the backend keeps the locks, and has no files to look at")];
  const findings = updateFindings(stack, facts);
  return findings.length > 0 ? findings : [ok(check, "none runs, and none was cut off")];
}

/** A lock as a finding: what cannot go on without its holder blocks. */
export function lockFinding(
  stack: string,
  { file, kind, since, holder, run, isUnseen = false }: UpdateLock,
): Faulty {
  const isDestroy = /^(destroy|down|dn)$/.test(run?.command ?? "");
  const what = isDestroy ? "destroy" : "update";
  const at = secondOf(since);
  const who = holder ? `${holder.username}@${holder.hostname}, process ${holder.pid}` : file;
  switch (kind) {
    case "gone":
      return warning(
        check,
        `the ${what} of ${at} was cut off (${who})`,
        machine(isDestroy ? "destroy" : "up", stack),
      );
    case "cut off":
      return warning(
        check,
        `an update lock was written only in part: ${file}, of ${at}`,
        machine("up", stack),
      );
    case "running":
      return blocker(check, `${isDestroy ? "a destroy" : "an update"} is running since ${at} (${who})`, {
        ...machine("status", stack),
        when: "wait until it ends, which this shows",
      });
    default:
      return blocker(
        check,
        isUnseen
          ? `an update holds the update lock since ${at} (${who}); no such process runs here, and ./machine did not start it`
          : `an update holds the update lock since ${at} (${who}), and ./machine cannot see from here whether it still runs`,
        { ...machine("pulumi", "cancel", stack), when: "if it no longer runs" },
      );
  }
}

/** A state that is not whole, with the copy that replaces it. */
export function cutOffState(
  stack: string,
  { file, bytes, copy }: Extract<FoundState, { kind: "cut off" }>,
): Faulty {
  const found = `the state of stack ${stack} is not whole: ${file} (${count(bytes, "byte")}), as happens after a full disk or a power cut`;
  if (copy === undefined)
    return blocker(check, `${found}; there is no whole copy beside it`, [
      { advice: "put a copy that you have there" },
      {
        command: ["rm", file],
        when: `without a copy, before ./machine up ${stack}, which finds what is there`,
      },
    ]);
  return blocker(
    check,
    `${found}; ${copy.file === `${file}.bak` ? `${basename(copy.file)} beside it` : copy.file} is a whole one, of ${secondOf(copy.writtenAt)}`,
    { command: ["cp", copy.file, file] },
  );
}

/** A file that keeps Pulumi from reading the state. */
export function attributesWords(file: string): string {
  return `${file} was written only in part, so that Pulumi cannot read the state beside it`;
}

/** A removal may be an update's, or a destroy's. */
function goOn(stack: string, pending: readonly PendingOperation[]): Remedies {
  if (!pending.some(({ type }) => type === "deleting")) return machine("up", stack);
  return [
    { ...machine("destroy", stack), when: "to continue with a destroy" },
    { ...machine("up", stack), when: "to continue with an update" },
  ];
}

/** What Pulumi was doing when it was cut off. */
export function pendingWords(pending: readonly PendingOperation[]): string {
  const shown = pending.slice(0, 5).map(({ type, resource }) => `${type} ${resource}`);
  const more = pending.length > 5 ? ` and ${pending.length - 5} more` : "";
  return `the last operation was cut off while it was ${shown.join(", ")}${more}`;
}

function secondOf(time: Date): string {
  return time.toISOString().replace(/\.\d+/, "");
}
