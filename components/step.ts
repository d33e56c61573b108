import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../provision/ownership/owner.ts";
import {
  findingVariable,
  type Result,
  requestVariable,
  type Secret,
  type StepName,
  type Steps,
} from "../provision/steps/contract.ts";

/** Arguments of `step`. */
export interface StepArgs<Name extends StepName> {
  /** The stack whose thing it is: one that another stack or the user made is used, never removed. */
  readonly owner: Owner;
  /** What the step is asked. A change of it runs the step again. */
  readonly request: Inputs<Steps[Name]["request"]>;
  /** What only its standard input may have. */
  readonly secret?: Secret<Name>;
  /** What makes it another thing: a change removes the old thing and makes a new one. Default: none. */
  readonly triggers?: readonly pulumi.Input<string>[];
  /** What is wrong with the thing on this machine right now, with its repair; undefined where nothing is. */
  readonly finding?: string | undefined;
  /** Whether the thing is removed on destroy. Default: false. */
  readonly removable?: boolean;
  /** Whether what it says of its work is kept from the reader: its failure says all. Default: false. */
  readonly quiet?: boolean;
}

type Inputs<Values> = { readonly [Key in keyof Values]: pulumi.Input<Values[Key]> };

/** A step as a resource. */
export interface Step<Name extends StepName> {
  readonly command: local.Command;
  /** What the step has answered. It has no secret, whatever the step was told. */
  readonly result: pulumi.Output<Result<Name>>;
}

/**
 * A step of `provision/`, which makes a thing on the machine, puts it right, proves or removes it: a
 * `command.local.Command` that sees drift.
 *
 * A command has no read of its own, so the program looks at the machine each time it runs. A finding goes into the
 * command's environment, where it is a change that runs the command again; where there is none, the environment's
 * last finding is left as it is in the state, and nothing changes.
 */
export function step<Name extends StepName>(
  resource: string,
  name: Name,
  args: StepArgs<Name>,
  options: pulumi.CustomResourceOptions,
): Step<Name> {
  const { owner, request, secret, triggers, finding, removable = false } = args;
  const command = new local.Command(
    resource,
    {
      interpreter: ["node", "provision/main.ts", name],
      // What is made anew for a stack may be another's; what its state has is its own.
      create: "make",
      update: "ensure",
      ...(removable && { delete: "remove" }),
      environment: {
        [requestVariable]: pulumi.jsonStringify({ owner, ...request }),
        ...(finding !== undefined && { [findingVariable]: finding }),
      },
      ...(secret !== undefined && { stdin: pulumi.secret(JSON.stringify(secret)) }),
      ...(triggers !== undefined && { triggers: [...triggers] }),
      // Standard output is the result, for the program; standard error is for the reader.
      logging: args.quiet === true ? local.Logging.None : local.Logging.Stderr,
      // What can be removed has in its result which resource holds it (provision/ownership/holder.ts).
      addPreviousOutputInEnv: removable,
    },
    pulumi.mergeOptions(
      finding === undefined ? { ignoreChanges: [`environment.${findingVariable}`] } : {},
      options,
    ),
  );
  const result = command.stdout.apply((stdout) => JSON.parse(stdout) as Result<Name>);
  // A command with a secret input has secret outputs alone.
  return { command, result: secret === undefined ? result : pulumi.unsecret(result) };
}
