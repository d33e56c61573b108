import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../provision/ownership/owner.ts";
import { step } from "./step.ts";
import { unlessFailed } from "./unless-failed.ts";

/** Arguments of a `ModelRoute`. */
export interface ModelRouteArgs {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** Key that a run is to have; it leaves the component only as a secret. */
  readonly cohereApiKey: string;
  /** Base URL of the model's API, without a path such as /chat. */
  readonly modelApiBase: string;
  /** Model under test, as `cooperbench run -m` takes it. */
  readonly model: string;
  /** Folder of the CooperBench checkout. */
  readonly folder: string;
  /** What the proof is of: a change of one, such as of the hash of the `.env`, proves it anew. */
  readonly of: readonly pulumi.Input<string>[];
  /** What overrides the route right now; undefined where nothing does. */
  readonly finding?: string | undefined;
}

/** The proof that a run's calls of the model go to the configured URL, with the key, and nowhere else. */
export class ModelRoute extends pulumi.ComponentResource {
  /** The URL that a run asks, once proved; undefined where the proof failed. */
  readonly url: pulumi.Output<string | undefined>;

  constructor(name: string, args: ModelRouteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:credentials:ModelRoute", name, {}, opts);

    const { folder, modelApiBase, model } = args;
    const proof = step(
      `${name}-proof`,
      "route",
      {
        owner: args.owner,
        request: { folder, modelApiBase, model },
        secret: { key: args.cohereApiKey },
        triggers: args.of,
        finding: args.finding,
      },
      { parent: this },
    );
    this.url = unlessFailed(proof.result.apply(({ url }) => url));
    this.registerOutputs({ url: this.url });
  }
}
