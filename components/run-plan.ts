import * as pulumi from "@pulumi/pulumi";
import { type PlanFacts, runPlan } from "../benchmark/plan.ts";
import type { SubsetTask } from "../benchmark/smoke-subset.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import { step } from "./step.ts";

/** Arguments of `RunPlan`. */
export interface RunPlanArgs extends Omit<PlanFacts, "stack" | "smokePairs"> {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** Tasks of the smoke run, each with its pairs. */
  readonly smoke: readonly SubsetTask[];
  /** What is wrong with the smoke run's subset right now; undefined where nothing is. */
  readonly finding?: string | undefined;
}

/** The plan of the runs on this machine, and the subset of its smoke run in the checkout's dataset. */
export class RunPlan extends pulumi.ComponentResource {
  /** The plan, in Markdown. */
  readonly markdown: string;

  constructor(name: string, args: RunPlanArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:plan:RunPlan", name, {}, opts);
    const { folder, owner, smoke } = args;
    const { stack } = owner;

    step(
      `${name}-subset`,
      "subset",
      {
        owner,
        request: { folder, tasks: smoke },
        triggers: [folder],
        finding: args.finding,
        removable: true,
      },
      { parent: this },
    );

    const smokePairs = smoke.reduce((sum, { pairs }) => sum + pairs.length, 0);
    this.markdown = runPlan({ ...args, stack, smokePairs });
    this.registerOutputs({ markdown: this.markdown });
  }
}
