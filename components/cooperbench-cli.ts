import * as pulumi from "@pulumi/pulumi";
import type { Subset } from "../benchmark/tasks.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import { step } from "./step.ts";
import { unlessFailed } from "./unless-failed.ts";

/** Arguments of a `CooperBenchCli`. */
export interface CooperBenchCliArgs {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** Git repository that CooperBench is cloned from. */
  readonly cooperbenchRepository: string;
  /** Commit, 40 hex digits; empty for that of the version. */
  readonly cooperbenchCommit: string;
  /** Version, such as 0.0.29; empty for what the stack has, and else the newest that is known. */
  readonly cooperbenchVersion: string;
  /** Absolute folder of the checkout. One that is there is used as it is. */
  readonly folder: string;
  /** What the folder is called in the stack's state. */
  readonly folderKey: string;
  /** Python of the virtual environment, such as 3.12 or >=3.10. */
  readonly pythonVersion: string;
  /** Extras of the editable install. */
  readonly cooperbenchExtras: readonly string[];
  /** Subset that the command line must know. */
  readonly subset: Subset;
  /** Names of the tasks that it must see, such as `dspy_task/8394`. */
  readonly tasks: readonly string[];
  /** Names the files of the dataset that a run reads, as they are when it is called. */
  readonly datasetShape: () => string;
  /** Commit that a checkout of the user's is at right now, where that is not the wanted one. */
  readonly leftAt?: string | undefined;
  /** What is wrong with checkout and environment right now. */
  readonly findings: { readonly checkout?: string | undefined; readonly venv?: string | undefined };
}

/** What is verified of the CooperBench command line. */
export interface VerifiedCli {
  /** Version of CooperBench that runs. */
  readonly version: string;
  /** Commit that the checkout is at. */
  readonly commit: string;
  /** Absolute folder of the checkout. */
  readonly folder: string;
  /** Version of the virtual environment's Python. */
  readonly pythonVersion: string;
}

/** The CooperBench command line: a checkout, a virtual environment with its editable install, and their proof. */
export class CooperBenchCli extends pulumi.ComponentResource {
  /** What is verified of it; undefined where something failed. */
  readonly verified: pulumi.Output<VerifiedCli | undefined>;
  /** Commit that the checkout is at, once it is there; undefined where that failed. */
  readonly commit: pulumi.Output<string | undefined>;
  /** Names what is installed: another value means that commit or environment have changed. */
  readonly installed: pulumi.Output<string>;

  constructor(name: string, args: CooperBenchCliArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:cli:CooperBenchCli", name, {}, opts);
    const { owner } = args;

    const { folder, folderKey, findings } = args;
    const checkout = step(
      `${name}-checkout`,
      "checkout",
      {
        owner,
        request: {
          folder,
          repository: args.cooperbenchRepository,
          commit: args.cooperbenchCommit || undefined,
          version: args.cooperbenchCommit === "" ? args.cooperbenchVersion || undefined : undefined,
          leftAt: args.leftAt,
        },
        triggers: [folderKey],
        finding: findings.checkout,
        removable: true,
      },
      { parent: this },
    );
    // What comes later is linked to the checkout by the commit that it is at.
    const commit = checkout.result.apply(({ commit }) => commit);

    const venv = step(
      `${name}-venv`,
      "venv",
      {
        owner,
        request: { folder, commit, pythonVersion: args.pythonVersion, extras: args.cooperbenchExtras },
        triggers: [folderKey],
        finding: findings.venv,
        removable: true,
      },
      { parent: this },
    );
    const changed = venv.result.apply(({ changed }) => changed);
    this.installed = pulumi.interpolate`${commit} ${changed}`;
    const verification = step(
      `${name}-verification`,
      "verification",
      {
        owner,
        request: { folder, subset: args.subset, tasks: args.tasks },
        // The files are looked at once the checkout is there, and by each program that finds it so.
        triggers: [commit, changed, commit.apply(() => args.datasetShape())],
      },
      { parent: this },
    );
    this.commit = unlessFailed(commit);
    this.verified = unlessFailed(
      pulumi
        .all([commit, verification.result])
        .apply(([commit, { version, pythonVersion }]) => ({ version, commit, folder, pythonVersion })),
    );
    this.registerOutputs({ verified: this.verified });
  }
}
