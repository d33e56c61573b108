import * as pulumi from "@pulumi/pulumi";
import { identityType } from "../program/stack-id.ts";
import type { Owner } from "../provision/ownership/owner.ts";

/** Arguments of a `StackIdentity`. */
export interface StackIdentityArgs {
  readonly owner: Owner;
  /** Name of the machine that the program runs on. */
  readonly host: string;
  /** The project's folder there, as `realPlace` gives it. */
  readonly folder: string;
}

/**
 * Whose the stack is: its id, and where it is worked on from. It is registered before anything else, so that the state
 * knows it from the first moment of the first update on; `./machine` compares it before it touches anything.
 */
export class StackIdentity extends pulumi.ComponentResource {
  /** The stack's id; null for a stack that is older than ids. */
  readonly stackId: pulumi.Output<string | null>;
  readonly host: pulumi.Output<string>;
  readonly folder: pulumi.Output<string>;

  constructor(name: string, args: StackIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super(identityType, name, {}, opts);
    this.stackId = pulumi.output(args.owner.id ?? null);
    this.host = pulumi.output(args.host);
    this.folder = pulumi.output(args.folder);
    this.registerOutputs({ stackId: this.stackId, host: this.host, folder: this.folder });
  }
}
