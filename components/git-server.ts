import { Network, Volume } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { PinnedImage } from "../benchmark/images-lock.ts";
import type { ExistingGit } from "../provision/engine/existing-git.ts";
import type { EngineImage } from "../provision/engine/images.ts";
import { isOlder, ownerLabels } from "../provision/engine/owned.ts";
import { gitNames } from "../provision/engine/service-names.ts";
import type { Owner } from "../provision/ownership/owner.ts";
import { engineImage } from "./engine-image.ts";
import { leftoverHook } from "./leftover-hook.ts";
import { serviceContainer } from "./service-container.ts";
import { step } from "./step.ts";
import { unlessFailed } from "./unless-failed.ts";

/** Arguments of a `GitServer`. */
export interface GitServerArgs {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** What is there already. */
  readonly existing: ExistingGit;
  /** The image that the server's is built from. */
  readonly base: PinnedImage;
  /** The images that the engine has right now; undefined where that is not known. */
  readonly found: readonly EngineImage[] | undefined;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Hook that pulls the base before the provider looks for it. */
  readonly pull: pulumi.ResourceHook;
  /** Folder of the CooperBench checkout, whose package has the Dockerfile. */
  readonly folder: string;
  /** The component that makes the environment by which the image is built. */
  readonly cli: pulumi.Resource;
  /** The stack's use of it, which the stack's own goes with; undefined where what is there is no stack's. */
  readonly use: pulumi.Resource | undefined;
}

/** The port of git's own protocol, which CooperBench uses. Only containers of the network reach it. */
const port = 9418;

/**
 * The git server that cooperating agents share their code through: an image built by CooperBench's own package, with
 * network, volume and container under the names that it looks for. Anybody in that network may push.
 */
export class GitServer extends pulumi.ComponentResource {
  /** Id of its container, whoever has made it. */
  readonly containerId: pulumi.Output<string>;
  /** Ids of what the stack has made and is older than ids; none where its labels have the stack's. */
  readonly older: pulumi.Output<readonly string[]>;

  constructor(name: string, args: GitServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:coop:GitServer", name, {}, opts);
    const { existing } = args;

    const own = existing.container === "own" ? ownServer(name, args, this) : undefined;
    this.containerId = own?.containerId ?? pulumi.output(existing.identity ?? "found");
    this.older = pulumi.output(own?.older ?? []);
    this.registerOutputs({ containerId: unlessFailed(this.containerId) });
  }
}

function ownServer(name: string, args: GitServerArgs, parent: pulumi.Resource) {
  const { owner, existing, base, found, dockerHost, folder } = args;
  const of = (reference: string) => found?.find(({ references }) => references.includes(reference));
  const baseImage = engineImage(`${name}-base`, base, of(base.image), {
    parent,
    hooks: { beforeCreate: [args.pull] },
  });
  const image = step(
    `${name}-image`,
    "git-image",
    {
      owner,
      request: { folder, dockerHost, image: gitNames.image },
      triggers: [baseImage.imageId],
      finding: found && of(gitNames.image) === undefined ? `there is no image ${gitNames.image}` : undefined,
    },
    { parent, dependsOn: [args.cli] },
  );

  const { labels = {} } = existing;
  const things = ["container", "network", "volume"] as const;
  const madeBy = (thing: (typeof things)[number]) => (labels === "unknown" ? undefined : labels[thing]);
  const labelled = (thing: "network" | "volume") =>
    Object.entries(madeBy(thing) ?? ownerLabels(owner)).map(([label, value]) => ({ label, value }));
  const kept = labels === "unknown" ? ["labels"] : [];
  const use = { owner, dockerHost, service: "git" } as const;
  // A volume's creation takes what is there.
  const leftover = leftoverHook(`${name}-leftover`, use, "network", gitNames.network);
  const goesWith = args.use && { deletedWith: args.use };
  const options = { parent, deleteBeforeReplace: true, ignoreChanges: kept, ...goesWith };
  const network =
    existing.network === "own"
      ? new Network(
          `${name}-network`,
          { name: gitNames.network, driver: "bridge", labels: labelled("network") },
          { ...options, hooks: { beforeCreate: [leftover] } },
        )
      : undefined;
  const volume =
    existing.volume === "own"
      ? new Volume(`${name}-volume`, { name: gitNames.volume, labels: labelled("volume") }, options)
      : undefined;

  const container = serviceContainer(
    `${name}-container`,
    {
      ...use,
      name: gitNames.container,
      madeBy: labels === "unknown" ? labels : labels.container,
      finding: existing.finding,
      image: image.result.apply(({ imageId }) => imageId),
      networkMode: network ? network.name : gitNames.network,
      volumes: [{ volumeName: volume ? volume.name : gitNames.volume, containerPath: "/git" }],
      healthcheck: {
        tests: ["CMD", "bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`],
        interval: "10s",
        timeout: "3s",
        retries: 3,
      },
    },
    { parent, ...goesWith },
  );
  const made = { container, network, volume };
  const older = things.flatMap((thing) =>
    made[thing] !== undefined && isOlder(madeBy(thing), owner) ? [made[thing].id] : [],
  );
  return { containerId: container.id, older: pulumi.all(older) };
}
