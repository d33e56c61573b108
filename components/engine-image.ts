import { RemoteImage } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { PinnedImage } from "../benchmark/images-lock.ts";
import { type EngineImage, isLocked } from "../provision/engine/images.ts";

/**
 * An image on the engine by its reference, kept there on destroy.
 *
 * @param found what the engine has under the reference right now; undefined for nothing.
 * @param options with a hook that pulls the image before the provider looks for it.
 */
export function engineImage(
  name: string,
  { image, locked }: PinnedImage,
  found: EngineImage | undefined,
  options: pulumi.CustomResourceOptions,
): RemoteImage {
  // The provider's read is by tag and takes whatever has it. As for a command (step.ts), what is wrong
  // goes into the inputs, where it is a change that has the image made anew, its tag given back.
  const moved = locked && found && !isLocked(found, locked) ? movedTag(found) : {};
  // What is not locked has no triggers, and Pulumi says so of each path that it cannot ignore.
  const kept = locked !== undefined && !("moved" in moved) ? ["triggers.moved"] : [];
  return new RemoteImage(
    name,
    { name: image, keepLocally: true, ...(locked && { triggers: { digest: locked.digest, ...moved } }) },
    pulumi.mergeOptions({ ignoreChanges: kept }, options),
  );
}

/** With the time, for the same may be found again after it was mended. */
function movedTag(found: EngineImage): { readonly moved: string } {
  return { moved: `the tag is at ${found.id} (seen ${new Date().toISOString()})` };
}
