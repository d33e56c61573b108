import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../provision/ownership/owner.ts";

/** Arguments of `provisionCommand`. */
export interface ProvisionCommandArgs {
  /** The stack whose thing it is: one that another stack or the user made is used, never removed. */
  readonly owner: Owner;
  /** Settings of the command, by name. A change of one runs it again. */
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /** Secret settings of the command, given on its standard input. */
  readonly stdin?: pulumi.Input<string>;
  /** What makes it another thing: a change removes the old thing and makes a new one. Default: none. */
  readonly triggers?: readonly pulumi.Input<string>[];
  /** What is wrong with the thing on this machine right now; undefined where nothing is. */
  readonly finding?: string | undefined;
  /** Whether the thing is removed on destroy. Default: false. */
  readonly removable?: boolean;
}

/**
 * A thing on the machine that `provision/` makes, mends and removes: a `command.local.Command` that sees drift.
 *
 * A command has no read of its own, so the program looks at the machine each time it runs. A finding goes into the
 * command's environment, where it is a change that runs the command again; where there is none, the environment's
 * last finding is left as it is in the state, and nothing changes.
 */
export function provisionCommand(
  name: string,
  thing:
    | "checkout"
    | "venv"
    | "dotenv"
    | "verification"
    | "route"
    | "subset"
    | "coop"
    | "git-image"
    | "service-use",
  args: ProvisionCommandArgs,
  options: pulumi.CustomResourceOptions,
): local.Command {
  const finding =
    args.finding === undefined ? {} : { FINDING: `${args.finding} (seen ${new Date().toISOString()})` };
  return new local.Command(
    name,
    {
      interpreter: ["node", "provision/main.ts", thing],
      // What is made anew for a stack may be another's; what its state has is its own.
      create: "make",
      update: "ensure",
      ...(args.removable === true && { delete: "remove" }),
      environment: { ...args.environment, ...ownerVariables(args.owner), ...finding },
      ...(args.stdin !== undefined && { stdin: args.stdin }),
      ...(args.triggers !== undefined && { triggers: [...args.triggers] }),
      // Standard output is the result, for the program; standard error is for the reader.
      logging: local.Logging.Stderr,
      // What can be removed has in its result which resource holds it (provision/ownership/holder.ts).
      addPreviousOutputInEnv: args.removable === true,
    },
    pulumi.mergeOptions(
      args.finding === undefined ? { ignoreChanges: ["environment.FINDING"] } : {},
      options,
    ),
  );
}

/** A command's settings that say which stack it is for. */
export function ownerVariables({ stack, id }: Owner): Readonly<Record<string, string>> {
  return { STACK: stack, ...(id !== undefined && { STACK_ID: id }) };
}

/** A command's standard output, read as the result that it is; unknown where the command is yet to run. */
export function resultOf<Result>(command: local.Command): pulumi.Output<Result> {
  return command.stdout.apply((stdout) => JSON.parse(stdout) as Result);
}
