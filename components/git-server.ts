import { Network, Volume } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { type ExistingGit, gitNames } from "../engine/existing-git.ts";
import type { EngineImage } from "../engine/images.ts";
import { ownerLabels } from "../engine/owned.ts";
import type { PinnedImage } from "../manifest/images-lock.ts";
import type { GitImageResult } from "../provision/git-image.ts";
import type { Owner } from "../provision/owner.ts";
import { engineImage } from "./engine-image.ts";
import { provisionCommand, resultOf } from "./provision-command.ts";
import { serviceContainer } from "./service-container.ts";
import { unlessFailed } from "./unless-failed.ts";

/** Arguments of a `GitServer`. */
export interface GitServerArgs {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** What is there already. */
  readonly existing: ExistingGit;
  /** The image that the server's is built from. */
  readonly base: PinnedImage;
  /** The images that the engine has right now. */
  readonly found: readonly EngineImage[];
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Hook that pulls the base before the provider looks for it. */
  readonly pull: pulumi.ResourceHook;
  /** Folder of the CooperBench checkout, whose package has the Dockerfile. */
  readonly folder: string;
  /** The component that makes the environment by which the image is built. */
  readonly cli: pulumi.Resource;
}

/** The port of git's own protocol, which CooperBench uses. Only containers of the network reach it. */
const port = 9418;

/**
 * The git server that cooperating agents share their code through: an image built by CooperBench's own package, with
 * network, volume and container under the names that it looks for. Anybody in that network may push.
 */
export class GitServer extends pulumi.ComponentResource {
  /** Id of its container; `found` for one that another has made. */
  readonly containerId: pulumi.Output<string>;

  constructor(name: string, args: GitServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:coop:GitServer", name, {}, opts);
    const { existing } = args;

    this.containerId =
      existing.container === "foreign" ? pulumi.output("found") : ownServer(name, args, this).id;
    this.registerOutputs({ containerId: unlessFailed(this.containerId) });
  }
}

function ownServer(name: string, args: GitServerArgs, parent: pulumi.Resource) {
  const { owner, existing, base, found, dockerHost, folder } = args;
  const of = (reference: string) => found.find(({ references }) => references.includes(reference));
  const baseImage = engineImage(`${name}-base`, base, of(base.image), {
    parent,
    hooks: { beforeCreate: [args.pull] },
  });
  const image = provisionCommand(
    `${name}-image`,
    "git-image",
    {
      owner,
      environment: { FOLDER: folder, DOCKER_HOST: dockerHost, IMAGE: gitNames.image },
      triggers: [baseImage.imageId],
      finding: of(gitNames.image) === undefined ? `there is no image ${gitNames.image}` : undefined,
    },
    { parent, dependsOn: [args.cli] },
  );

  const labels = Object.entries(ownerLabels(owner)).map(([label, value]) => ({ label, value }));
  // One that an interrupted update has left, unknown to Pulumi's state. A volume's creation takes what is there.
  const leftover = new pulumi.ResourceHook(`${name}-leftover`, async () => {
    const { removeOwnNetwork } = await import("../engine/owned.ts");
    await removeOwnNetwork(dockerHost, gitNames.network, owner);
  });
  const network =
    existing.network === "own" &&
    new Network(
      `${name}-network`,
      { name: gitNames.network, driver: "bridge", labels },
      { parent, deleteBeforeReplace: true, hooks: { beforeCreate: [leftover] } },
    );
  const volume =
    existing.volume === "own" &&
    new Volume(`${name}-volume`, { name: gitNames.volume, labels }, { parent, deleteBeforeReplace: true });

  return serviceContainer(
    `${name}-container`,
    {
      owner,
      name: gitNames.container,
      dockerHost,
      finding: existing.finding,
      image: resultOf<GitImageResult>(image).apply(({ imageId }) => imageId),
      networkMode: network ? network.name : gitNames.network,
      volumes: [{ volumeName: volume ? volume.name : gitNames.volume, containerPath: "/git" }],
      healthcheck: {
        tests: ["CMD", "bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`],
        interval: "10s",
        timeout: "3s",
        retries: 3,
      },
    },
    { parent },
  );
}
