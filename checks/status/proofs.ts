import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Remedies } from "../../lib/remedy.ts";
import { requestVariable } from "../../provision/steps/contract.ts";
import type { Finding } from "../finding.ts";
import type { Failure, ProofRecord } from "./record.ts";

/** A proof as a stack's state has it. */
export interface Proof {
  /** When it was last made, in ISO 8601. */
  readonly provedAt: string;
  /** What its step was asked. */
  readonly request: Readonly<Record<string, unknown>>;
  /** What it is of, as its resource has it in its triggers. */
  readonly of: readonly string[];
  /** What it has shown; undefined where the state keeps that as a secret. */
  readonly result: unknown;
}

/** What a proof has shown, as its command printed it; undefined where there is none, or it is kept as a secret. */
export function resultOf<Result>(proof: Proof | undefined): Result | undefined {
  return proof?.result as Result | undefined;
}

/** The proofs of a stack, by the names of their resources. */
export type Proofs = ReadonlyMap<string, Proof>;

const stackDeployment = z.looseObject({
  resources: z
    .array(
      z.looseObject({
        urn: z.string(),
        type: z.string(),
        // Replaced, and not yet removed.
        delete: z.boolean().optional(),
        created: z.string().optional(),
        modified: z.string().optional(),
        inputs: z
          .looseObject({
            environment: z.record(z.string(), z.unknown()).optional().catch(undefined),
            triggers: z.array(z.string()).optional().catch(undefined),
          })
          .optional(),
        outputs: z.looseObject({ stdout: z.unknown().optional() }).optional(),
      }),
    )
    .nullish(),
});

/**
 * The proofs in a stack's state. A proof that failed is in no state: the one before stays there, so what it is of is to
 * be compared with what is there now.
 *
 * @param deployment as `pulumi stack export` prints it.
 * @throws where that is of another form.
 */
export function readProofs(deployment: unknown): Proofs {
  const { resources } = stackDeployment.parse(deployment);
  return new Map(
    (resources ?? [])
      .filter((resource) => resource.type === "command:local:Command" && resource.delete !== true)
      .map(({ urn, created = "", modified = created, inputs, outputs }) => [
        urn.slice(urn.lastIndexOf("::") + 2),
        {
          provedAt: modified,
          request: requestIn(inputs?.environment ?? {}),
          of: inputs?.triggers ?? [],
          result: resultIn(outputs?.stdout),
        },
      ]),
  );
}

/** Versions up to 949dbd7 have a variable for each part of a request; one part is compared, the route's. */
function requestIn(variables: Readonly<Record<string, unknown>>): Proof["request"] {
  const request = variables[requestVariable];
  if (request === undefined) return { modelApiBase: variables.MODEL_API_BASE, model: variables.MODEL };
  return (resultIn(request) ?? {}) as Proof["request"];
}

function resultIn(stdout: unknown): unknown {
  if (typeof stdout !== "string" || stdout === "") return undefined;
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined; // a command that is no proof may print what it likes
  }
}

/** What the proofs that need an installation are of: the commit, and the environment by when it last changed. */
export function installedIn({ of }: Proof): string | undefined {
  return of.find((word) => /^[0-9a-f]{40,64} /.test(word));
}

/** What an operation on a stack was, and how it ended. */
export interface LastOperation {
  /** Such as update, destroy. */
  readonly kind: string;
  /** Such as succeeded, failed. */
  readonly result: string;
  /** When it ended, in ISO 8601. */
  readonly endedAt: string;
}

/** How many steps a failed operation is told with. */
const toldSteps = 3;

/** Whether the last operation is the update that is recorded. */
function isRecorded(last: LastOperation, update: NonNullable<ProofRecord["update"]>): boolean {
  // Pulumi's times are whole seconds.
  const ended = Date.parse(last.endedAt);
  return (
    last.kind === "update" &&
    ended >= Date.parse(update.startedAt) - 1000 &&
    ended <= Date.parse(update.endedAt)
  );
}

/** Whether the last operation is an update that the user has ended. */
export function wasInterrupted(last: LastOperation, recorded: ProofRecord | undefined): boolean {
  const { update } = recorded ?? {};
  return update?.isInterrupted === true && last.result !== "succeeded" && isRecorded(last, update);
}

/** Why the last operation failed, in words; undefined where nothing has recorded that. */
export function reasonOf(last: LastOperation, recorded: ProofRecord | undefined): string | undefined {
  const { update, failures = {} } = recorded ?? {};
  if (update === undefined) return undefined;
  const of = Object.entries(failures).filter(([, { at }]) => at === update.endedAt);
  if (!isRecorded(last, update) || of.length === 0) return undefined;
  const told = of
    .slice(0, toldSteps)
    .map(([name, { problem, thing = name }]) => `${thing}: ${firstLine(problem)}`);
  const more = of.length > toldSteps ? ` and ${of.length - toldSteps} more` : "";
  return `${told.join("; ")}${more}`;
}

/** The first line of a problem, which says what it is. */
export function firstLine(problem: string): string {
  return problem.trim().split("\n")[0]?.replace(/:$/, "") ?? "";
}

/**
 * What is wrong with a proof that is there: an attempt since has failed, or it is of something else than what is there now.
 *
 * @param inputs what it was made with, each in words, as it was then and as it is now. What is undefined is not compared:
 *   an older version's proof does not say it, or it is not known now, which is a finding of its own.
 * @param failed an update's failure to prove it.
 * @returns undefined where it holds.
 */
export function faultOf(
  proof: Proof,
  inputs: readonly (readonly [what: string, then: unknown, now: unknown])[],
  failed?: Failure,
): string | undefined {
  const other = inputs.find(
    ([, then, now]) => then !== undefined && now !== undefined && !isDeepStrictEqual(then, now),
  );
  if (failed !== undefined && failed.at > proof.provedAt)
    return `a later update could not prove it: ${firstLine(failed.problem)}`;
  if (other === undefined) return undefined;
  const [what, then, now] = other;
  const isShort = [then, now].every((value) => typeof value === "string" && !/\s/.test(value));
  return isShort
    ? `it was proved for ${what} ${then}; it is ${now} now`
    : `it was proved for another ${what.replace(/^the /, "")}`;
}

const operations = z.array(
  z.looseObject({
    kind: z.string(),
    result: z.string(),
    startTime: z.string(),
    endTime: z.string().optional(),
  }),
);

/**
 * The last operation of a stack; undefined where there was none.
 *
 * @param history what `pulumi stack history --json` prints, the last operation first.
 */
export function lastOperation(history: string): LastOperation | undefined {
  const [last] = operations.parse(JSON.parse(history));
  return last && { kind: last.kind, result: last.result, endedAt: last.endTime ?? last.startTime };
}

/** What a stack's state tells of its machine, and what commands have recorded beside it. */
export interface StackState {
  readonly proofs: Proofs;
  /** What `up`, `verify` and `oracle` have recorded since. Default: nothing. */
  readonly recorded?: ProofRecord;
  /** The stack's last operation; undefined where there was none. */
  readonly last?: LastOperation | undefined;
  /** An operation that runs just now, or was cut off: what the last one came to is not known yet. */
  readonly underway?: Finding;
  /** Why the state could not be read, with no proof and no operation then; undefined where it could. */
  readonly unread?: string;
  /** What makes it readable; undefined where Pulumi itself tells more. */
  readonly remedies?: Remedies | undefined;
  /** Whether it is another's, so that no proof of it is this one's. Default: false. */
  readonly isForeign?: boolean;
}
