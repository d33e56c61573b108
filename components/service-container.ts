import { Container, type ContainerArgs } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { ServiceName } from "../provision/engine/service-records.ts";
import { leftoverHook } from "./leftover-hook.ts";
import { type Maker, type ServiceThingArgs, serviceThing } from "./service-thing.ts";

/** Arguments of `serviceContainer`: the provider's, but for what all services have in common. */
export interface ServiceContainerArgs
  extends Omit<ContainerArgs, "name" | "labels" | "envs">,
    Maker,
    Omit<ServiceThingArgs, "leftover"> {
  /** Name on the engine. */
  readonly name: string;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Which service it is of; what the stack notes of it beside the service counts. */
  readonly service: ServiceName;
}

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
  const { owner, repair, dockerHost, service, finding, made, labels, ...rest } = args;
  const leftover = leftoverHook(`${name}-leftover`, { owner, dockerHost, service }, [
    ["container", args.name],
  ]);
  const thing = serviceThing(name, { owner, repair }, { made, finding, labels, leftover });
  return new Container(
    name,
    {
      ...rest,
      labels: thing.labels,
      restart: "unless-stopped",
      // A refresh by hand would remove a container that must run and does not. What is wrong with it is the program's to
      // find: as for a command (step.ts), it goes into the inputs.
      mustRun: false,
    },
    pulumi.mergeOptions(
      // Older states have a variable of a finding.
      pulumi.mergeOptions(thing.options, { ignoreChanges: ["envs"] }),
      options,
    ),
  );
}
