import { Container, type ContainerArgs } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { type Labels, ownerLabels } from "../provision/engine/owned.ts";
import type { ServiceName } from "../provision/engine/service-records.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import { leftoverHook } from "./leftover-hook.ts";

/** Arguments of `serviceContainer`: the provider's, but for what all services have in common. */
export interface ServiceContainerArgs extends Omit<ContainerArgs, "name" | "labels" | "envs"> {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** Name on the engine. */
  readonly name: string;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Which service it is of; what the stack notes of it beside the service counts. */
  readonly service: ServiceName;
  /**
   * The labels that name its maker, where it stays as it is: a change of a label is a new container. `unknown` leaves
   * those that the state has. Default: the stack's.
   */
  readonly madeBy?: Labels | "unknown" | undefined;
  /** Labels beside those. Default: none. */
  readonly labels?: Labels;
  /** What is wrong with the container right now; undefined where nothing is. */
  readonly finding: string | undefined;
}

/** Variable of a container that was made in place of one that was not well: what was wrong with that. */
const findingVariable = "COOPERBENCH_MACHINE_FINDING";

/**
 * A container that runs for good, and is made again where the program finds it not well. A container's name and port can
 * be had once, so the old one goes first; so does one of the stack's that an interrupted update has left, unknown to
 * Pulumi's state.
 */
export function serviceContainer(
  name: string,
  args: ServiceContainerArgs,
  options: pulumi.CustomResourceOptions,
): Container {
  const { owner, dockerHost, service, finding, madeBy, labels, ...rest } = args;
  const leftover = leftoverHook(`${name}-leftover`, { owner, dockerHost, service }, "container", args.name);
  const own = { ...(madeBy === "unknown" || madeBy === undefined ? ownerLabels(owner) : madeBy), ...labels };
  return new Container(
    name,
    {
      ...rest,
      labels: Object.entries(own).map(([label, value]) => ({ label, value })),
      // A change of it is a new container. A label would do, were the labels not to follow when the address changes.
      ...(finding !== undefined && {
        envs: [`${findingVariable}=${finding} (seen ${new Date().toISOString()})`],
      }),
      restart: "unless-stopped",
      // The provider's refresh, a preview's too, removes a container that must run and does not. What is wrong with it is
      // the program's to find: as for a command (step.ts), it goes into the inputs.
      mustRun: false,
    },
    pulumi.mergeOptions(
      {
        deleteBeforeReplace: true,
        hooks: { beforeCreate: [leftover] },
        ignoreChanges: [
          ...(finding === undefined ? ["envs"] : []),
          ...(madeBy === "unknown" ? ["labels"] : []),
        ],
      },
      options,
    ),
  );
}
