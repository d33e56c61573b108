import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { modelEnvironment } from "../benchmark/model.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import type { Variables } from "../provision/steps/dotenv.ts";
import { step } from "./step.ts";

/** Arguments of `Credentials`. */
export interface CredentialsArgs {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** Key of the model under test; it leaves the component only as a secret. */
  readonly cohereApiKey: string;
  /** Base URL of the model's API, without a path such as /chat. */
  readonly modelApiBase: string;
  /** Absolute folder of the CooperBench checkout, whose `.env` its command line reads. */
  readonly folder: string;
  /** What the folder is called in the stack's state. */
  readonly folderKey: string;
  /** What is wrong with the `.env` right now; undefined where nothing is. */
  readonly finding?: string | undefined;
}

/** The credentials and settings of the model under test, as outputs and in the checkout's `.env`. */
export class Credentials extends pulumi.ComponentResource {
  /** The environment of a run. Secret. */
  readonly environment: pulumi.Output<Variables>;
  /** When the `.env` was last written: another value means that it may have changed. */
  readonly written: pulumi.Output<string>;

  constructor(name: string, args: CredentialsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:credentials:Credentials", name, {}, opts);

    const variables = modelEnvironment(args.cohereApiKey, args.modelApiBase);
    const dotenv = step(
      `${name}-dotenv`,
      "dotenv",
      {
        owner: args.owner,
        request: { file: join(args.folder, ".env") },
        secret: variables,
        triggers: [join(args.folderKey, ".env")],
        finding: args.finding,
        removable: true,
      },
      { parent: this },
    );

    this.environment = pulumi.secret(variables);
    // A state of old has none.
    this.written = dotenv.result.apply(({ written = "" }) => written);
    this.registerOutputs({ environment: this.environment });
  }
}
