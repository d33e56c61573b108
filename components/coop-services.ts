import { Provider } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { ExistingGit } from "../engine/existing-git.ts";
import type { ExistingRedis } from "../engine/existing-redis.ts";
import { type EngineImage, isThere } from "../engine/images.ts";
import { addressOf, type RedisAddress } from "../engine/redis-ping.ts";
import type { PinnedImage } from "../manifest/images-lock.ts";
import type { GitResult } from "../provision/git-server.ts";
import type { Owner } from "../provision/owner.ts";
import type { RedisResult } from "../provision/redis.ts";
import { GitServer } from "./git-server.ts";
import { provisionCommand, resultOf } from "./provision-command.ts";
import { pullHook } from "./pull-hook.ts";
import { Redis } from "./redis.ts";
import { unlessFailed } from "./unless-failed.ts";

/** Arguments of `CoopServices`. */
export interface CoopServicesArgs {
  /** The stack that it is for. */
  readonly owner: Owner;
  /** What is there right now of the git server; undefined where none is wanted. */
  readonly existingGit: ExistingGit | undefined;
  /** The image that the git server's is built from. */
  readonly gitBaseImage: PinnedImage;
  /** Where Redis is to answer, on the engine's machine. */
  readonly redis: RedisAddress;
  /** What is there right now where Redis is to be. */
  readonly existingRedis: ExistingRedis;
  /** What Redis runs from. */
  readonly redisImage: PinnedImage;
  /** Whether its port is published (`bridge`), or it has the network of the engine's machine (`host`). */
  readonly redisNetwork: "bridge" | "host";
  /** The images that the engine has right now. */
  readonly found: readonly EngineImage[];
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Registry that images are pulled from first, as host and path; empty for none. */
  readonly registryMirror: string;
  /** Seconds without any progress after which a pull is ended and tried again. */
  readonly pullStallSeconds: number;
  /** Folder of the CooperBench checkout, whose environment has the clients that verify the services. */
  readonly folder: string;
  /** The component that makes that environment. */
  readonly cli: pulumi.Resource;
}

/** What is verified of the services; of the git server, where there is one. */
export interface VerifiedCoop extends RedisResult, Partial<GitResult> {
  /** Whether this stack runs Redis, or has found it. */
  readonly redisOwn: boolean;
  /** Whether this stack runs the git server, or has found it. */
  readonly gitOwn?: boolean;
}

/** The services that cooperating agents need on this machine, and their proof by CooperBench's own clients. */
export class CoopServices extends pulumi.ComponentResource {
  /** What is verified; undefined where something failed. */
  readonly verified: pulumi.Output<VerifiedCoop | undefined>;

  constructor(name: string, args: CoopServicesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:coop:CoopServices", name, {}, opts);
    const { existingRedis, existingGit, dockerHost } = args;

    const provider = new Provider(`${name}-engine`, { host: dockerHost }, { parent: this });
    const options = { parent: this, providers: { docker: provider } };
    const pull = servicesPull(name, args, this);
    const redis =
      existingRedis.kind === "own" &&
      new Redis(
        `${name}-redis`,
        {
          owner: args.owner,
          image: args.redisImage,
          found: args.found.find(({ references }) => references.includes(args.redisImage.image)),
          address: args.redis,
          network: args.redisNetwork,
          finding: existingRedis.finding,
          dockerHost,
          pull,
        },
        options,
      );
    const git =
      existingGit &&
      new GitServer(
        `${name}-git`,
        { ...args, existing: existingGit, base: args.gitBaseImage, pull },
        options,
      );

    const verification = provisionCommand(
      `${name}-verification`,
      "coop",
      {
        owner: args.owner,
        environment: {
          FOLDER: args.folder,
          REDIS: addressOf(args.redis),
          // Told by a command that fails: an error of the program would hold the images up, too.
          ...(existingRedis.kind === "conflict" && {
            CONFLICT: `${existingRedis.found}. ${existingRedis.remedy}`,
          }),
          ...(git && { GIT_CLIENT: `cooperbench-probe-${args.owner.stack}-git`, DOCKER_HOST: dockerHost }),
        },
        triggers: [redis ? redis.containerId : "found", ...(git ? [git.containerId] : [])],
      },
      { parent: this, dependsOn: [args.cli] },
    );
    this.verified = unlessFailed(
      resultOf<RedisResult & Partial<GitResult>>(verification).apply((result) => ({
        ...result,
        redisOwn: existingRedis.kind === "own",
        ...(existingGit && { gitOwn: existingGit.container === "own" }),
      })),
    );
    this.registerOutputs({ verified: this.verified });
  }
}

/** Pulls what the services run from, or are built from. */
function servicesPull(name: string, args: CoopServicesArgs, shownOn: pulumi.Resource): pulumi.ResourceHook {
  const { existingRedis, existingGit, redisImage, gitBaseImage, found } = args;
  const images = [
    ...(existingRedis.kind === "own" ? [redisImage] : []),
    ...(existingGit?.container === "own" ? [gitBaseImage] : []),
  ];
  const pull = {
    dockerHost: args.dockerHost,
    images,
    missing: images.filter((image) => !isThere(found, image)),
    mirror: args.registryMirror,
    stallSeconds: args.pullStallSeconds,
    verified: () => "services not yet",
  };
  return pullHook(`${name}-pull`, pull, shownOn);
}
