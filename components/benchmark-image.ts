import * as pulumi from "@pulumi/pulumi";
import type { LockedTask } from "../benchmark/images-lock.ts";
import type { SeenImage } from "../provision/engine/images.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import { proofRevisions } from "../provision/steps/contract.ts";
import { engineImage } from "./engine-image.ts";
import { step } from "./step.ts";
import { unlessFailed } from "./unless-failed.ts";

/** Arguments of a `BenchmarkImage`. */
export interface BenchmarkImageArgs {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** The task whose image it is, with what the lock says of it. */
  readonly task: LockedTask;
  /** What the engine has of it right now. */
  readonly seen: SeenImage;
  /** Docker engine that the probe's container runs on, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Time limit of the probe, in seconds. */
  readonly probeTimeoutSeconds: number;
  /** Hooks that pull the image before the provider looks for it. */
  readonly pull: pulumi.ResourceHookBinding;
}

/** What is proved of an image. */
export interface VerifiedImage {
  /** Image reference, `repository:tag`. */
  readonly reference: string;
  /** Id of the image on the engine. */
  readonly imageId: string;
  /** Digest in the registry: the locked one, or that of what its tag named; empty where the engine knows none. */
  readonly digest: string;
  /** Whether the lock names that digest. */
  readonly locked: boolean;
  /** Operating system and architecture, such as linux/amd64. */
  readonly platform: string;
  /** The commit that the probe found /workspace/repo at: the task's base commit. */
  readonly baseCommit: string;
}

/** The image of one task on the engine, kept there on destroy, with a probe that proves what is in it. */
export class BenchmarkImage extends pulumi.ComponentResource {
  /** Image reference, `repository:tag`. */
  readonly reference: string;
  /** What is proved of the image; undefined where it could not be pulled or failed its probe. */
  readonly verified: pulumi.Output<VerifiedImage | undefined>;

  constructor(name: string, args: BenchmarkImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:images:BenchmarkImage", name, {}, opts);
    const { owner, task, dockerHost, seen } = args;
    const { locked } = task;

    const { resource, imageId } = engineImage(name, { image: task.image, locked }, seen, {
      parent: this,
      hooks: args.pull,
    });
    const { result } = step(
      `${name}-probe`,
      "probe",
      {
        owner,
        request: {
          revision: proofRevisions.probe,
          image: task.image,
          locked: locked && { digest: locked.digest, imageId: locked.imageId, platform: locked.platform },
          baseCommit: task.baseCommit,
          dockerHost,
          container: `cooperbench-probe-${owner.stack}-${name}`,
          timeoutSeconds: args.probeTimeoutSeconds,
        },
        triggers: [imageId, task.baseCommit, locked?.digest ?? ""],
        quiet: true,
      },
      { parent: this, dependsOn: [resource] },
    );

    this.reference = task.image;
    this.verified = unlessFailed(
      result.apply(({ image, commit, ...found }) => ({
        reference: image,
        ...found,
        locked: locked !== undefined,
        baseCommit: commit,
      })),
    );
    this.registerOutputs({ reference: this.reference, verified: this.verified });
  }
}
