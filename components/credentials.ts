import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { modelEnvironment, type Variables } from "../benchmark/model.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import { hashWord } from "../provision/steps/dotenv.ts";
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
  /** Names its bytes as they are right now; undefined where that is not known. */
  readonly hash?: string | undefined;
}

/** The credentials and settings of the model under test, as outputs and in the checkout's `.env`. */
export class Credentials extends pulumi.ComponentResource {
  /** The environment of a run. Secret. */
  readonly environment: pulumi.Output<Variables>;
  /** Names the bytes of the `.env`, without the key: as they are now, or as they are once it is written. */
  readonly hash: pulumi.Output<string>;

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
    // Known before it is written, where it can be: what is proved of it is then no change by itself.
    this.hash =
      args.hash !== undefined
        ? pulumi.output(`${hashWord}${args.hash}`)
        : dotenv.result.apply(({ hash, written = "" }) =>
            hash === undefined ? written : `${hashWord}${hash}`,
          );
    this.registerOutputs({ environment: this.environment });
  }
}
