import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../provision/ownership/owner.ts";
import { type DotenvResult, inspectDotenv, type Variables } from "../provision/steps/dotenv.ts";
import { modelEnvironment } from "../provision/steps/model.ts";
import { provisionCommand, resultOf } from "./provision-command.ts";

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
    const file = join(args.folder, ".env");
    const dotenv = provisionCommand(
      `${name}-dotenv`,
      "dotenv",
      {
        owner: args.owner,
        environment: { FILE: file },
        stdin: pulumi.secret(JSON.stringify(variables)),
        triggers: [join(args.folderKey, ".env")],
        finding: inspectDotenv(file, args.owner, variables),
        removable: true,
      },
      { parent: this },
    );

    this.environment = pulumi.secret(variables);
    // A command with a secret input has secret outputs alone; a time is none.
    this.written = pulumi.unsecret(
      resultOf<Partial<DotenvResult>>(dotenv).apply(({ written = "" }) => written),
    );
    this.registerOutputs({ environment: this.environment });
  }
}
