/**
 * What commands print with `--json`. docs/json.schema.json is made from these types, and the tests hold what is printed
 * against it. A task is called as in the setting `tasks`: dspy_task/8394.
 */
import type { RunCheck } from "../benchmark/check-run.ts";
import type { Verdict } from "../benchmark/judge.ts";
import type { LockChange } from "../benchmark/lock-changes.ts";
import type { FeatureEvaluation } from "../benchmark/read-evaluation.ts";
import type { PairName, Run } from "../benchmark/read-run.ts";
import type { JudgedContainer } from "../checks/doctor/leftovers.ts";
import type { Finding } from "../checks/finding.ts";
import type { StatusCheck } from "../checks/status/checks.ts";
import type { MachineStatus } from "../checks/status/status.ts";
import type { PortStatus } from "../rehearsal/relay-ports.ts";
import type { RehearsalUser } from "../rehearsal/users.ts";
import type { FindingCounts } from "./findings.ts";
import type { OracleResult } from "./oracle-report.ts";
import type { PlanEstimate } from "./plan-estimate.ts";
import type { Summary } from "./summary.ts";
import type { Output } from "./terminal.ts";
import type { verdictJson } from "./verdict.ts";
import type { Verified, VerifiedCooperBench } from "./verify.ts";

/** What is printed, by command. */
export interface JsonOutputs {
  readonly up: ReturnType<typeof verdictJson> & {
    readonly stack: string;
    readonly images: Summary["images"];
    readonly oracles: Summary["oracles"];
    /** Why steps failed, by the names of their resources. */
    readonly failures: Summary["failures"];
    /** Path of the log; undefined where none could be written. */
    readonly log?: string | undefined;
  };
  readonly doctor: {
    readonly stack: string;
    readonly checks: readonly Finding[];
    readonly summary: FindingCounts;
  };
  readonly status: MachineStatus;
  readonly verify: {
    readonly stack: string;
    /** Docker engine, as in DOCKER_HOST. */
    readonly dockerHost: string;
    readonly images: readonly Verified[];
    readonly cooperbench: VerifiedCooperBench;
    readonly isReady: boolean;
    /** What is in the way of a run. */
    readonly inTheWay: readonly StatusCheck[];
  };
  readonly oracle: {
    readonly stack: string;
    /** Docker engine, as in DOCKER_HOST. */
    readonly dockerHost: string;
    readonly results: readonly OracleResult[];
  };
  readonly demo: {
    readonly stack: string;
    /** Whether every pair of every run is the model's, and passed. */
    readonly isPassed: boolean;
    /** Calls that the mock model has answered. */
    readonly modelCalls: number;
    readonly runs: readonly DemoRun[];
  };
  readonly plan: PlanEstimate & {
    readonly stack: string;
    readonly isReady: boolean;
    /** What is in the way of a run. */
    readonly inTheWay: readonly StatusCheck[];
    /** Folder of the checkout, which the commands are given in. */
    readonly folder: string;
    /** Docker engine, as in DOCKER_HOST. */
    readonly dockerHost: string;
    /** Model under test, as `cooperbench run -m` takes it. */
    readonly model: string;
    readonly subset: string;
    /** The tasks whose images the stack has; undefined where these are all of the subset. */
    readonly onlyTasks?: readonly string[] | undefined;
  };
  readonly "plan --check": PlanCheckJson;
  readonly clean: {
    readonly stack: string;
    /** Docker engine, as in DOCKER_HOST. */
    readonly dockerHost: string;
    readonly containers: readonly JudgedContainer[];
    /** Names of those that were removed. */
    readonly removed: readonly string[];
  };
  readonly lock: {
    /** Path of the image lock. */
    readonly file: string;
    readonly isWritten: boolean;
    readonly images: readonly LockChange[];
  };
  readonly list: { readonly stacks: readonly ListedStack[] };
  readonly settings: { readonly stack: string; readonly settings: readonly ListedSetting[] };
  readonly env: {
    readonly stack: string;
    /** Values by name; null is to be taken away. */
    readonly variables: Readonly<Record<string, string | null>>;
  };
  readonly "rehearsal status": {
    readonly folder: string;
    readonly isReady: boolean;
    /** Its engine, as in DOCKER_HOST. */
    readonly dockerHost: string;
    /** Ports of this machine's 127.0.0.1 that lead into it, and those that another has. */
    readonly ports: PortStatus;
    readonly users: readonly RehearsalUser[];
  };
}

/** A run of the demo, and what it was worth. */
export interface DemoRun {
  readonly setting: "solo" | "coop";
  readonly name: string;
  readonly pairs: number;
  /** Pairs that are the model's, and passed. */
  readonly passed: number;
  readonly seconds: number;
}

/** A stack of this folder. */
export interface ListedStack {
  readonly stack: string;
  readonly subset: string;
  /** As the settings name it. */
  readonly engine: string;
  /** Folder of CooperBench's checkout, as the settings name it. */
  readonly checkout: string;
}

/** A setting of a stack. */
export interface ListedSetting {
  readonly name: string;
  /** Its value; of a secret, that it is one. */
  readonly value: unknown;
  /** Whether the stack sets it. */
  readonly isSet: boolean;
  /** Its value where no stack sets it; undefined where one must. */
  readonly default?: unknown;
  /** What it is. */
  readonly is: string;
}

/** A pair of features, by its task. */
export interface PairOfTask extends Omit<PairName, "repo" | "taskId"> {
  readonly task: string;
}

/** What a run was worth: all that the exit code comes from, without what the tests have printed. */
export interface PlanCheckJson extends Omit<RunCheck, "run" | "verdicts" | "missingPairs"> {
  readonly run: string;
  /** How the machine differs from what the run was started on, in lines; undefined where that is not known. */
  readonly machineChanges?: readonly string[] | undefined;
  /** What the run's config.json says. */
  readonly configuration: Omit<Run, "name" | "pairs">;
  readonly missingPairs: readonly PairOfTask[];
  readonly pairs: readonly JudgedPair[];
}

/** A pair, and what is to be thought of it. */
export interface JudgedPair extends Omit<Verdict, "pair"> {
  readonly pair: PairOfTask &
    Omit<Verdict["pair"], keyof PairName | "evaluation"> & {
      readonly evaluation?: Omit<NonNullable<Verdict["pair"]["evaluation"]>, "features"> & {
        readonly features: readonly Omit<FeatureEvaluation, "output">[];
      };
    };
}

/** A value as it is printed. */
export function json<Name extends keyof JsonOutputs>(_: Name, value: JsonOutputs[Name]): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** Prints what a command tells. */
export function printJson<Name extends keyof JsonOutputs>(
  { print }: Pick<Output, "print">,
  name: Name,
  value: JsonOutputs[Name],
): void {
  print(json(name, value));
}
