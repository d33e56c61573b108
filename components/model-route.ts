import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../provision/ownership/owner.ts";
import { modelEnvironment, modelName } from "../provision/steps/model.ts";
import type { RouteResult } from "../provision/steps/route.ts";
import { inspectRoute } from "../provision/steps/route-drift.ts";
import { provisionCommand, resultOf } from "./provision-command.ts";
import { unlessFailed } from "./unless-failed.ts";

/** Arguments of a `ModelRoute`. */
export interface ModelRouteArgs {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** Key that a run is to have; it leaves the component only as a secret. */
  readonly cohereApiKey: string;
  /** Base URL of the model's API, without a path such as /chat. */
  readonly modelApiBase: string;
  /** Folder of the CooperBench checkout. */
  readonly folder: string;
  /** What the proof is of: a change of one, such as of the time when the `.env` was written, proves it anew. */
  readonly of: readonly pulumi.Input<string>[];
}

/** The proof that a run's calls of the model go to the configured URL, with the key, and nowhere else. */
export class ModelRoute extends pulumi.ComponentResource {
  /** The URL that a run asks, once proved; undefined where the proof failed. */
  readonly url: pulumi.Output<string | undefined>;

  constructor(name: string, args: ModelRouteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:credentials:ModelRoute", name, {}, opts);

    const variables = modelEnvironment(args.cohereApiKey, args.modelApiBase);
    const proof = provisionCommand(
      `${name}-proof`,
      "route",
      {
        owner: args.owner,
        environment: { FOLDER: args.folder, MODEL_API_BASE: args.modelApiBase, MODEL: modelName },
        stdin: pulumi.secret(JSON.stringify({ key: args.cohereApiKey })),
        triggers: args.of,
        finding: inspectRoute(args.folder, variables),
      },
      { parent: this },
    );
    // A command with a secret input has secret outputs alone; the URL is none.
    this.url = unlessFailed(pulumi.unsecret(resultOf<RouteResult>(proof).apply(({ url }) => url)));
    this.registerOutputs({ url: this.url });
  }
}
