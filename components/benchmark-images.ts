import { Provider } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { type Task, taskKey } from "../manifest/tasks.ts";
import { BenchmarkImage, type VerifiedImage } from "./benchmark-image.ts";
import { pullHook } from "./pull-hook.ts";

/** Arguments of `BenchmarkImages`. */
export interface BenchmarkImagesArgs {
  /** The tasks whose images are wanted, in any order. */
  readonly tasks: readonly Task[];
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Time limit of the probe of one image, in seconds. */
  readonly probeTimeoutSeconds: number;
}

/** The images of some tasks of the benchmark, on one engine. */
export class BenchmarkImages extends pulumi.ComponentResource {
  /** What is proved of each image, by the key of its task; one that is not proved is missing. */
  readonly images: pulumi.Output<Readonly<Record<string, VerifiedImage>>>;
  /** How many of the images are proved, such as `26/26`. */
  readonly verified: pulumi.Output<string>;

  constructor(name: string, args: BenchmarkImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:images:BenchmarkImages", name, {}, opts);
    const { tasks, dockerHost, probeTimeoutSeconds } = args;

    const provider = new Provider(`${name}-engine`, { host: dockerHost }, { parent: this });
    const pull = pullHook(`${name}-pull`, dockerHost, this);
    const images = new Map(
      tasks.map((task) => {
        const key = taskKey(task);
        const image = { task, dockerHost, probeTimeoutSeconds, pull };
        return [key, new BenchmarkImage(key, image, { parent: this, providers: { docker: provider } })];
      }),
    );

    const proved = pulumi
      .all(Object.fromEntries([...images].map(([key, image]) => [key, image.verified])))
      .apply((all) => Object.entries(all).flatMap(([key, image]) => (image ? [[key, image] as const] : [])));
    this.images = proved.apply((entries) => Object.fromEntries(entries));
    this.verified = proved.apply((entries) => `${entries.length}/${tasks.length}`);
    this.registerOutputs({ images: this.images, verified: this.verified });
  }
}
