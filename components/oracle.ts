import * as pulumi from "@pulumi/pulumi";
import { longLimitNote } from "../benchmark/capacity.ts";
import { type Task, taskKey } from "../benchmark/tasks.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import { proofRevisions } from "../provision/steps/contract.ts";
import { taskFolder } from "../provision/steps/task-dataset.ts";
import { type Step, step } from "./step.ts";
import { afterEnd, unlessFailed } from "./unless-failed.ts";

/** Arguments of an `Oracle`. */
export interface OracleArgs {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** The tasks whose gold patch and tests are run. */
  readonly tasks: readonly Task[];
  /** Id of a task's image, once the image has passed its probe; undefined where it has not. */
  readonly imageIdOf: (task: Task) => pulumi.Output<string | undefined>;
  /** Absolute folder of the checkout. */
  readonly folder: string;
  /** Commit that the checkout is at, once it is there; undefined where that failed. */
  readonly commit: pulumi.Output<string | undefined>;
  /** What the installed CooperBench is known by, once it is there: it evaluates. */
  readonly installed: pulumi.Output<string>;
  /** Hash of what the oracle runs of a task, of the files that are there when it is called. */
  readonly datasetHashOf: (task: Task) => string;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** How many tasks are run at the same time. */
  readonly atOnce: number;
  /** Time limit of the tests of one task, in seconds. */
  readonly timeoutSeconds: number;
}

/** The proof of some images by the dataset's gold patches: with one its tests pass, without it they fail. */
export class Oracle extends pulumi.ComponentResource {
  /** How many of the tasks have passed, such as `5/5`. */
  readonly passed: pulumi.Output<string>;

  constructor(name: string, args: OracleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:oracle:Oracle", name, {}, opts);
    const { owner, tasks, folder, commit, installed } = args;
    const note = longLimitNote(args.timeoutSeconds);
    if (note !== undefined) pulumi.log.warn(note, this);

    const oracles: Step<"oracle">[] = [];
    for (const task of tasks) {
      const key = taskKey(task);
      // Pulumi's own limit counts resources, not cores and memory: each waits for its turn, by an input that is
      // there only then. Not by dependsOn, for which one that fails would stop those after it.
      const before = oracles.at(-args.atOnce);
      const imageId = args.imageIdOf(task).apply((id) => id ?? "");
      oracles.push(
        step(
          `${key}-oracle`,
          "oracle",
          {
            owner,
            request: {
              revision: proofRevisions.oracle,
              image: before === undefined ? task.image : afterEnd(before.result, task.image),
              imageId,
              commit: installed.apply((known) => known.split(" ")[0] as string),
              folder: taskFolder(folder, task),
              dockerHost: args.dockerHost,
              container: `cooperbench-oracle-${owner.stack}-${key}`,
              timeoutSeconds: args.timeoutSeconds,
            },
            // The files are read once the checkout is there, and by each program that finds it so.
            triggers: [imageId, commit.apply(() => args.datasetHashOf(task))],
            quiet: true,
          },
          { parent: this },
        ),
      );
    }

    this.passed = pulumi
      .all(oracles.map(({ result }) => unlessFailed(result)))
      .apply((all) => `${all.filter((outcome) => outcome !== undefined).length}/${tasks.length}`);
    this.registerOutputs({ passed: this.passed });
  }
}
