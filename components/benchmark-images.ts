import { Provider } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { LockedTask, PinnedImage } from "../benchmark/images-lock.ts";
import { taskKey } from "../benchmark/tasks.ts";
import type { SeenImage } from "../provision/engine/images.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import { BenchmarkImage, type VerifiedImage } from "./benchmark-image.ts";
import { pullHooks } from "./pull-hooks.ts";

/** Arguments of `BenchmarkImages`. */
export interface BenchmarkImagesArgs {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** The tasks whose images are wanted, in any order, with what the lock says of them. */
  readonly tasks: readonly LockedTask[];
  /** What the engine has of an image right now. */
  readonly see: (image: PinnedImage) => SeenImage;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Registry that images are pulled from first, as host and path; empty for none. */
  readonly registryMirror: string;
  /** Seconds without any progress after which a pull is ended and tried again. */
  readonly pullStallSeconds: number;
  /** Time limit of the probe of one image, in seconds. */
  readonly probeTimeoutSeconds: number;
}

/** The images of some tasks of the benchmark, on one engine. */
export class BenchmarkImages extends pulumi.ComponentResource {
  /** What is proved of each image, by the key of its task; one that is not proved is missing. */
  readonly images: pulumi.Output<Readonly<Record<string, VerifiedImage>>>;
  /** How many of the images are proved, such as `26/26`. */
  readonly verified: pulumi.Output<string>;
  readonly #images: ReadonlyMap<string, BenchmarkImage>;

  constructor(name: string, args: BenchmarkImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:images:BenchmarkImages", name, {}, opts);
    const { owner, tasks, see, dockerHost, probeTimeoutSeconds } = args;

    const provider = new Provider(`${name}-engine`, { host: dockerHost }, { parent: this });
    let verified = 0;
    const pull = pullHooks(
      `${name}-pull`,
      {
        owner,
        dockerHost,
        images: tasks,
        missing: tasks.filter((task) => !see(task).isThere),
        mirror: args.registryMirror,
        stallSeconds: args.pullStallSeconds,
        verified: () => `${verified}/${tasks.length}`,
      },
      this,
    );
    const images = new Map(
      largestFirst(tasks).map((task) => {
        const key = taskKey(task);
        const image = { owner, task, seen: see(task), dockerHost, probeTimeoutSeconds, pull };
        return [key, new BenchmarkImage(key, image, { parent: this, providers: { docker: provider } })];
      }),
    );
    this.#images = images;
    for (const image of images.values()) {
      image.verified.apply((proof) => {
        if (proof !== undefined) verified += 1;
      });
    }

    const proved = pulumi
      .all(tasks.map(taskKey).map((key) => pulumi.all([key, images.get(key)?.verified])))
      .apply((all) => all.flatMap(([key, image]) => (image ? [[key, image] as const] : [])));
    this.images = proved.apply((entries) => Object.fromEntries(entries));
    this.verified = proved.apply((entries) => `${entries.length}/${tasks.length}`);
    this.registerOutputs({ images: this.images, verified: this.verified });
  }

  /** Id of a task's image, once it has passed its probe; undefined where it has not, or is not among these. */
  imageIdOf(task: Pick<LockedTask, "repo" | "taskId">): pulumi.Output<string | undefined> {
    const image = this.#images.get(taskKey(task));
    return pulumi.output(image?.verified).apply((verified) => verified?.imageId);
  }
}

/** The order in which all are there soonest: no large one is left to be pulled alone at the end. */
function largestFirst(tasks: readonly LockedTask[]): readonly LockedTask[] {
  return tasks.toSorted((a, b) => (b.locked?.compressedBytes ?? 0) - (a.locked?.compressedBytes ?? 0));
}
