import { Container, type ContainerArgs } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { findingLabel, type Labels, ownerLabels } from "../provision/engine/owned.ts";
import type { ServiceName } from "../provision/engine/service-records.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import { findingOf } from "../provision/repair.ts";
import { leftoverHook } from "./leftover-hook.ts";
import { repairHook } from "./repair-hook.ts";

/** Arguments of `serviceContainer`: the provider's, but for what all services have in common. */
export interface ServiceContainerArgs extends Omit<ContainerArgs, "name" | "labels" | "envs">, Maker {
  /** Name on the engine. */
  readonly name: string;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Which service it is of; what the stack notes of it beside the service counts. */
  readonly service: ServiceName;
  /** The labels of its making, where it stays as it is; `unknown` leaves those that the state has. */
  readonly made: Labels | "unknown" | undefined;
  /** Labels beside those. Default: none. */
  readonly labels?: Labels;
  /** What is wrong with the container right now; undefined where nothing is. */
  readonly finding: string | undefined;
}

/** The stack that things of a service are made for, and the repair that they are made in (provision/repair.ts). */
export interface Maker {
  readonly owner: Owner;
  readonly repair: string;
}

/**
 * Labels of the making of a thing of a service: a change of one is a new thing. So what is there keeps its own, and what
 * is to be made, or made again, has those of the stack and of what was found.
 *
 * @param made of what is there and stays; undefined for nothing.
 * @param finding what is wrong with what is there. Default: that there is none.
 */
export function labelsOf({ owner, repair }: Maker, made: Labels | undefined, finding?: string): Labels {
  return made ?? { ...ownerLabels(owner), [findingLabel]: findingOf(repair, finding ?? "there was none") };
}

/** Labels as the provider takes them. */
export function labelList(labels: Labels): { label: string; value: string }[] {
  return Object.entries(labels).map(([label, value]) => ({ label, value }));
}

/**
 * What all things of a service have in common. The provider would ask for what it removes, and stop at what is gone
 * already: a thing that is replaced goes by the hook that frees its name, and the last one with the stack's use of the
 * service (service-use.ts).
 */
export function serviceThing(
  name: string,
  owner: Owner,
  made: Labels | "unknown" | undefined,
  before: readonly pulumi.ResourceHook[],
): pulumi.CustomResourceOptions {
  return {
    deleteBeforeReplace: true,
    retainOnDelete: true,
    hooks: { beforeCreate: [...before], afterCreate: [repairHook(`${name}-repair`, owner)] },
    ignoreChanges: made === "unknown" ? ["labels"] : [],
  };
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
  const own = labelsOf({ owner, repair }, made === "unknown" ? ownerLabels(owner) : made, finding);
  return new Container(
    name,
    {
      ...rest,
      labels: labelList({ ...own, ...labels }),
      restart: "unless-stopped",
      // A refresh by hand would remove a container that must run and does not. What is wrong with it is the program's to
      // find: as for a command (step.ts), it goes into the inputs.
      mustRun: false,
    },
    pulumi.mergeOptions(
      // Older states have a variable of a finding.
      pulumi.mergeOptions(serviceThing(name, owner, made, [leftover]), { ignoreChanges: ["envs"] }),
      options,
    ),
  );
}
