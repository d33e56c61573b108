import PQueue from "p-queue";
import { readTasks } from "../../benchmark/tasks.ts";
import { publishImage } from "../../rehearsal/publish.ts";
import { serviceImages } from "../../rehearsal/service-images.ts";
import { sharedLayers } from "../../rehearsal/shared-layers.ts";
import { standIn } from "../../rehearsal/stand-in-image.ts";
import { readTasks as readStandInTasks } from "../../rehearsal/tasks.ts";
import type { Tools } from "../../rehearsal/tools.ts";

/** How the images are made. */
export interface ImagesArguments {
  readonly registryUrl: string;
  readonly tools: Tools;
  readonly payloadBytes: number;
  /** For git. */
  readonly workFolder: string;
}

/** Publishes the benchmark's images: the rehearsal's stand-ins, each at the benchmark's own base commit. */
export async function publishImages({ registryUrl, tools, ...options }: ImagesArguments): Promise<void> {
  const shared = await sharedLayers(tools);
  const commits = new Map(readTasks().map(({ image, baseCommit }) => [image, baseCommit]));
  const specs = [
    ...serviceImages(tools).map(
      ({ make }) =>
        () =>
          make(shared),
    ),
    ...readStandInTasks().map((task) => async () => {
      const claims = commits.get(task.image);
      if (claims === undefined) throw new Error(`the benchmark has no base commit for ${task.image}`);
      return (await standIn(task, shared, { ...options, claims })).spec;
    }),
  ];
  const queue = new PQueue({ concurrency: 4 });
  await queue.addAll(specs.map((spec) => async () => publishImage(registryUrl, await spec())));
}
