import { local } from "@pulumi/command";
import { RemoteImage } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Task } from "../manifest/tasks.ts";
import type { ProbeResult } from "../provision/probe.ts";
import { unlessFailed } from "./unless-failed.ts";

/** Arguments of a `BenchmarkImage`. */
export interface BenchmarkImageArgs {
  /** The task whose image it is. */
  readonly task: Task;
  /** Docker engine that the probe's container runs on, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Time limit of the probe, in seconds. */
  readonly probeTimeoutSeconds: number;
  /** Hook that pulls the image before the provider looks for it. */
  readonly pull: pulumi.ResourceHook;
}

/** What is proved of an image. */
export interface VerifiedImage {
  /** Image reference, `repository:tag`. */
  readonly reference: string;
  /** Id of the image on the engine. */
  readonly imageId: string;
  /** Digest in the registry, as `repository@sha256:…`. */
  readonly digest: string;
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
    const { task, dockerHost } = args;

    const image = new RemoteImage(
      name,
      { name: task.image, keepLocally: true },
      { parent: this, hooks: { beforeCreate: [args.pull] } },
    );
    const probe = new local.Command(
      `${name}-probe`,
      {
        interpreter: ["node", "provision/main.ts", "probe"],
        create: task.image,
        environment: {
          DOCKER_HOST: dockerHost,
          BASE_COMMIT: task.baseCommit,
          CONTAINER: `cooperbench-probe-${pulumi.getStack()}-${name}`,
          TIMEOUT_SECONDS: String(args.probeTimeoutSeconds),
        },
        triggers: [image.imageId, task.baseCommit],
        logging: local.Logging.None,
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );

    this.reference = task.image;
    this.verified = unlessFailed(
      pulumi.all([image.imageId, image.repoDigest, probe.stdout]).apply(([imageId, digest, stdout]) => ({
        reference: task.image,
        imageId,
        digest,
        baseCommit: (JSON.parse(stdout) as ProbeResult).commit,
      })),
    );
    this.registerOutputs({ reference: this.reference, verified: this.verified });
  }
}
