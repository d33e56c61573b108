import { Network, Volume } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { PinnedImage } from "../benchmark/images-lock.ts";
import type { ExistingGit } from "../provision/engine/existing-git.ts";
import type { SeenImage } from "../provision/engine/images.ts";
import { isOlder } from "../provision/engine/owned.ts";
import { gitNames } from "../provision/engine/service-names.ts";
import { engineImage } from "./engine-image.ts";
import { leftoverHook } from "./leftover-hook.ts";
import { serviceContainer } from "./service-container.ts";
import { type Maker, serviceThing } from "./service-thing.ts";
import { step } from "./step.ts";
import { unlessFailed } from "./unless-failed.ts";

/** Arguments of a `GitServer`. */
export interface GitServerArgs extends Maker {
  /** What is there already. */
  readonly existing: ExistingGit;
  /** The image that the server's is built from. */
  readonly base: PinnedImage;
  /** What the engine has of the base right now. */
  readonly seen: SeenImage;
  /** What is wrong with the server's own image right now; undefined where nothing is. */
  readonly imageFinding: string | undefined;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Hooks that pull the base before the provider looks for it. */
  readonly pull: pulumi.ResourceHookBinding;
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
  const { owner, repair, existing, base, dockerHost, folder } = args;
  const baseImage = engineImage(`${name}-base`, base, args.seen, {
    parent,
    hooks: args.pull,
  });
  const image = step(
    `${name}-image`,
    "git-image",
    {
      owner,
      request: { folder, dockerHost, image: gitNames.image },
      triggers: [baseImage.imageId],
      finding: args.imageFinding,
    },
    { parent, dependsOn: [args.cli, baseImage.resource] },
  );

  const { labels = {} } = existing;
  const things = ["container", "network", "volume"] as const;
  const madeOf = (thing: (typeof things)[number]) => (labels === "unknown" ? labels : labels[thing]);
  const use = { owner, dockerHost, service: "git" } as const;
  // A volume's creation takes what is there.
  const leftover = leftoverHook(`${name}-leftover`, use, [
    ["container", gitNames.container],
    ["network", gitNames.network],
  ]);
  const goesWith = args.use && { deletedWith: args.use };
  let network: Network | undefined;
  if (existing.network === "own") {
    const key = `${name}-network`;
    const { labels, options } = serviceThing(key, args, { made: madeOf("network"), leftover });
    const wanted = { name: gitNames.network, driver: "bridge", labels };
    network = new Network(key, wanted, { parent, ...options, ...goesWith });
  }
  let volume: Volume | undefined;
  if (existing.volume === "own") {
    const key = `${name}-volume`;
    const { labels, options } = serviceThing(key, args, { made: madeOf("volume") });
    volume = new Volume(key, { name: gitNames.volume, labels }, { parent, ...options, ...goesWith });
  }

  const container = serviceContainer(
    `${name}-container`,
    {
      ...use,
      repair,
      name: gitNames.container,
      made: madeOf("container"),
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
  const here = { container, network, volume };
  const older = things.flatMap((thing) => {
    const [resource, made] = [here[thing], madeOf(thing)];
    return resource !== undefined && made !== "unknown" && isOlder(made, owner) ? [resource.id] : [];
  });
  return { containerId: container.id, older: pulumi.all(older) };
}
