/** What commands have found of a stack's machine (checks/status/record.ts): a file a stack in the user's data folder. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { noRecord, type ProofRecord, proofRecord, type RecordedOracle } from "../checks/status/record.ts";
import { writeWhole } from "../lib/files.ts";
import { dataFolder } from "../lib/xdg.ts";
import { stackIdIn } from "../program/stack-id.ts";
import { datasetHash, taskFolder } from "../provision/steps/task-dataset.ts";
import { backendUrl } from "./backend.ts";
import type { StackCaller } from "./caller.ts";
import type { Found } from "./session.ts";
import { codeOf, type Verdict } from "./verdict.ts";
import { withoutKey } from "./without-key.ts";

type RecordPlace = Pick<Found, "stack" | "configuration" | "env">;

/** What is recorded of a stack: nothing where its file is not there, or cannot be read. */
export function readProofRecord(place: RecordPlace): ProofRecord {
  try {
    return proofRecord.parse(JSON.parse(readFileSync(recordFile(place), "utf8")));
  } catch {
    return noRecord; // of another version, or another user's
  }
}

/** Records what a command has found. Where that cannot be written it says so: the command's own answer is as good. */
export function recordProofs(
  place: RecordPlace & Pick<StackCaller, "output">,
  change: (record: ProofRecord) => ProofRecord,
): void {
  const file = recordFile(place);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeWhole(file, `${JSON.stringify(change(readProofRecord(place)))}\n`, { mode: 0o600 });
  } catch (error) {
    place.output.say(`the result could not be recorded: ${(error as Error).message}`);
  }
}

/** Records what a command has come to. */
export function recordCommand(
  place: RecordPlace & Pick<StackCaller, "output">,
  command: keyof ProofRecord["commands"],
  verdict: Pick<Verdict, "outcome" | "text">,
): void {
  const found = { at: new Date().toISOString(), isPassed: codeOf(verdict) === 0, found: verdict.text };
  recordProofs(place, (record) => ({ ...record, commands: { ...record.commands, [command]: found } }));
}

/** Drops the record of a stack that has nothing any more. */
export function forgetProofs(place: RecordPlace): void {
  rmSync(recordFile(place), { force: true });
}

/** What an oracle of `oracle` has found, as far as it is recorded. */
export interface OracleFeature {
  /** Name of the task, as in a `tasks` setting. */
  readonly task: string;
  readonly feature: number;
  readonly ok: boolean;
  /** Id of the image that it was run in; undefined where nothing was run. */
  readonly imageId?: string | undefined;
  readonly checks: Readonly<
    Record<"gold" | "control", { readonly seconds: number; readonly problem?: string | undefined }>
  >;
}

/** Records what `oracle` has found, with what it is of: the image, and what was run of the dataset. */
export function recordOracles(
  place: RecordPlace & Pick<StackCaller, "output">,
  checkout: string,
  results: readonly OracleFeature[],
): void {
  const at = new Date().toISOString();
  const found = results.flatMap(({ task, feature, ok, imageId, checks }): [string, RecordedOracle][] => {
    if (imageId === undefined) return [];
    const [repo = "", taskId] = task.split("/");
    const folder = taskFolder(checkout, { repo, taskId: Number(taskId) });
    const problems = Object.values(checks).flatMap(({ problem }) => problem ?? []);
    const problem = ok ? undefined : withoutKey(problems[0] ?? "it did not pass", join(checkout, ".env"));
    const of = { imageId, dataset: datasetHash(folder, feature) };
    const seconds = { goldSeconds: checks.gold.seconds, controlSeconds: checks.control.seconds };
    return [[`${task} ${feature}`, { at, problem, task, feature, ...of, ...seconds }]];
  });
  recordProofs(place, (record) => ({
    ...record,
    oracles: { ...record.oracles, ...Object.fromEntries(found) },
  }));
}

/** Ids are known by themselves; the name of a stack without one is its backend's. */
function recordFile({ stack, configuration, env }: RecordPlace): string {
  const backend = createHash("sha256").update(backendUrl(env)).digest("hex").slice(0, 12);
  const name = stackIdIn(configuration) ?? `${stack}-${backend}`;
  return join(dataFolder(env), "proofs", `${encodeURIComponent(name)}.json`);
}
