import { RemoteImage } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { PinnedImage } from "../benchmark/images-lock.ts";
import type { SeenImage } from "../provision/engine/images.ts";

/** An image as a resource. */
export interface OnEngine {
  readonly resource: RemoteImage;
  /** Its id on the engine, known beforehand where it can be: what has it waits for the resource by itself. */
  readonly imageId: pulumi.Input<string>;
}

/**
 * An image on the engine by its reference, kept there on destroy.
 *
 * The provider is never asked what is there, since it lists all images for each (docs/performance.md). What the look has
 * found wrong goes into the inputs, as for a command (step.ts): there it is a change that has the image made again, and
 * its tag given back.
 *
 * @param seen what the engine has of it right now.
 * @param options with a hook that pulls the image before the provider looks for it.
 */
export function engineImage(
  name: string,
  { image, locked }: PinnedImage,
  { id, finding }: SeenImage,
  options: pulumi.CustomResourceOptions,
): OnEngine {
  const triggers = { ...(locked && { digest: locked.digest }), ...(finding !== undefined && { finding }) };
  // `moved` is of older states. A path below triggers must be there, and what is not locked may have none.
  const last = locked ? ["triggers.finding", "triggers.moved"] : ["triggers"];
  const resource = new RemoteImage(
    name,
    { name: image, keepLocally: true, ...(Object.keys(triggers).length > 0 && { triggers }) },
    // The provider would leave it as well, once it has reached an engine that may be gone.
    pulumi.mergeOptions({ ignoreChanges: finding === undefined ? last : [], retainOnDelete: true }, options),
  );
  // What has changed under the resource is not in its outputs.
  return { resource, imageId: id ?? resource.imageId };
}
