import { Provider } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { PinnedImage } from "../benchmark/images-lock.ts";
import { addressOf, type RedisAddress } from "../lib/redis-address.ts";
import type { ExistingGit } from "../provision/engine/existing-git.ts";
import { type ExistingRedis, troubleOf } from "../provision/engine/existing-redis.ts";
import type { SeenImage } from "../provision/engine/images.ts";
import { isOlder } from "../provision/engine/owned.ts";
import type { ServiceName } from "../provision/engine/service-records.ts";
import type { UseWish } from "../provision/engine/service-use.ts";
import { findingOf } from "../provision/repair.ts";
import type { GitResult } from "../provision/steps/git-server.ts";
import type { RedisResult } from "../provision/steps/redis.ts";
import { GitServer } from "./git-server.ts";
import { pullHooks } from "./pull-hooks.ts";
import { Redis } from "./redis.ts";
import type { Maker } from "./service-thing.ts";
import { serviceUse } from "./service-use.ts";
import { step } from "./step.ts";
import { unlessFailed } from "./unless-failed.ts";

/** Arguments of `CoopServices`. */
export interface CoopServicesArgs extends Maker {
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
  /** What the engine has of an image right now. */
  readonly see: (image: PinnedImage) => SeenImage;
  /** What is wrong with the git server's own image right now; undefined where nothing is. */
  readonly gitImageFinding: string | undefined;
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
  /** What the proof is of beside the services: a change of one, such as of what is installed there, proves them again. */
  readonly of: readonly pulumi.Input<string>[];
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
    const redis = redisOf(`${name}-redis`, args, pull, options);
    const git = gitOf(`${name}-git`, args, pull, options);

    const isPaused = existingRedis.kind === "own" && existingRedis.isPaused === true;
    const trouble = isPaused ? undefined : troubleOf(existingRedis);
    const paused = [
      ...(isPaused ? ["Redis is paused"] : []),
      ...(existingGit?.isPaused ? ["the git server is paused"] : []),
    ].join(", ");
    const older = pulumi
      .all([redis.older, git?.older ?? []])
      .apply(([redis, git]) => ({ redis: redis as readonly string[], git: git as readonly string[] }));
    const { result } = step(
      `${name}-verification`,
      "coop",
      {
        owner: args.owner,
        request: {
          folder: args.folder,
          redis: addressOf(args.redis),
          dockerHost,
          conflict: trouble && { found: trouble.found, remedies: trouble.remedies },
          gitClient: git && `cooperbench-probe-${args.owner.stack}-git`,
          adopted: hasOlder(args) ? older : undefined,
        },
        finding: paused === "" ? undefined : findingOf(args.repair, paused),
        triggers: [redis.identity, ...(git ? [git.containerId] : []), ...args.of],
      },
      { parent: this, dependsOn: [args.cli] },
    );
    this.verified = unlessFailed(
      result.apply((result) => ({
        ...result,
        redisOwn: existingRedis.kind === "own",
        ...(existingGit && { gitOwn: existingGit.container === "own" }),
      })),
    );
    this.registerOutputs({ verified: this.verified });
  }
}

/** The stack's own Redis, with its use of it, or its use of another's. */
function redisOf(
  name: string,
  args: CoopServicesArgs,
  pull: pulumi.ResourceHookBinding,
  options: { readonly parent: pulumi.Resource },
) {
  const { existingRedis: existing, redisImage } = args;
  const use = useOf(`${name}-use`, "redis", args, redisWish(existing), options.parent);
  if (existing.kind !== "own" || use === undefined)
    return { identity: (existing.kind === "foreign" && existing.identity) || "found", older: [] };
  const { containerId } = new Redis(
    name,
    {
      owner: args.owner,
      repair: args.repair,
      image: redisImage,
      seen: args.see(redisImage),
      address: args.redis,
      network: args.redisNetwork,
      existing,
      dockerHost: args.dockerHost,
      pull,
      use,
    },
    options,
  );
  return { identity: containerId, older: isOlderRedis(args) ? [containerId] : [] };
}

/** The stack's own git server, with its use of it, or its use of another's. */
function gitOf(
  name: string,
  args: CoopServicesArgs,
  pull: pulumi.ResourceHookBinding,
  options: { readonly parent: pulumi.Resource },
): GitServer | undefined {
  const { existingGit: existing, gitBaseImage: base } = args;
  if (existing === undefined) return undefined;
  const use = useOf(`${name}-use`, "git", args, gitWish(existing), options.parent);
  const of = { existing, base, seen: args.see(base), imageFinding: args.gitImageFinding };
  return new GitServer(name, { ...args, ...of, pull, use }, options);
}

/** A use as it is to be noted: undefined for none, as where what is used is no stack's. */
type Wish = { readonly wish: UseWish; readonly isRecorded: boolean } | undefined;

function redisWish(existing: ExistingRedis): Wish {
  const { kind, isRecorded = false } = existing;
  // A use that the stack is kept from right now, or whose service cannot be seen, has not ended.
  if (kind === "conflict") return isRecorded ? { wish: "keep", isRecorded } : undefined;
  if (kind === "own") return { wish: existing.labels === "unknown" ? "keep" : "record", isRecorded };
  return existing.isShared === true ? { wish: "record", isRecorded } : undefined;
}

function gitWish({ container, labels, isShared, isRecorded = false }: ExistingGit): Wish {
  if (container === "foreign" && isShared !== true) return undefined;
  return { wish: labels === "unknown" ? "keep" : "record", isRecorded };
}

function useOf(
  name: string,
  service: ServiceName,
  { owner, repair, dockerHost }: CoopServicesArgs,
  wish: Wish,
  parent: pulumi.Resource,
): pulumi.Resource | undefined {
  return wish && serviceUse(name, { dockerHost, service, owner, repair, ...wish }, parent);
}

function isOlderRedis({ existingRedis, owner }: CoopServicesArgs): boolean {
  if (existingRedis.kind !== "own" || existingRedis.labels === "unknown") return false;
  return isOlder(existingRedis.labels, owner);
}

/** Whether something of the stack's is older than ids: what is in its state is noted, since its labels do not tell. */
function hasOlder(args: CoopServicesArgs): boolean {
  const { existingGit: git, owner } = args;
  const labels = git?.labels === "unknown" || git?.labels === undefined ? {} : git.labels;
  return isOlderRedis(args) || Object.values(labels).some((one) => isOlder(one, owner));
}

/** Pulls what the services run from, or are built from. */
function servicesPull(
  name: string,
  args: CoopServicesArgs,
  shownOn: pulumi.Resource,
): pulumi.ResourceHookBinding {
  const { existingRedis, existingGit, redisImage, gitBaseImage, see } = args;
  const images = [
    ...(existingRedis.kind === "own" ? [redisImage] : []),
    ...(existingGit?.container === "own" ? [gitBaseImage] : []),
  ];
  const pull = {
    owner: args.owner,
    dockerHost: args.dockerHost,
    images,
    missing: images.filter((image) => !see(image).isThere),
    mirror: args.registryMirror,
    stallSeconds: args.pullStallSeconds,
    verified: () => "services not yet",
  };
  return pullHooks(`${name}-pull`, pull, shownOn);
}
