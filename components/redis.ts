import * as pulumi from "@pulumi/pulumi";
import type { PinnedImage } from "../benchmark/images-lock.ts";
import { addressOf, type RedisAddress } from "../lib/redis-address.ts";
import { addressLabel, type OwnRedis } from "../provision/engine/existing-redis.ts";
import type { SeenImage } from "../provision/engine/images.ts";
import { redisContainer } from "../provision/engine/service-names.ts";
import { engineImage } from "./engine-image.ts";
import { serviceContainer } from "./service-container.ts";
import type { Maker } from "./service-thing.ts";
import { unlessFailed } from "./unless-failed.ts";

/** Arguments of a `Redis`. */
export interface RedisArgs extends Maker {
  /** What it runs from. */
  readonly image: PinnedImage;
  /** What the engine has of the image right now. */
  readonly seen: SeenImage;
  /** Where it answers, on the engine's machine. */
  readonly address: RedisAddress;
  /** Whether its port is published (`bridge`), or it has the network of the engine's machine (`host`). */
  readonly network: "bridge" | "host";
  /** What is there of it right now. */
  readonly existing: Pick<OwnRedis, "finding" | "labels">;
  /** The stack's use of it, which it goes with. */
  readonly use: pulumi.Resource;
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Hooks that pull the image before the provider looks for it. */
  readonly pull: pulumi.ResourceHookBinding;
}

/** The port that Redis has where nothing else is said. */
const usualPort = 6379;

/** Megabytes that its data may take; with more, it refuses to write. Messages of a run are some kilobytes. */
const dataMegabytes = 256;
/** Megabytes that the container may take. */
const containerMegabytes = 512;

/** The Redis that cooperating agents send their messages through. It keeps nothing, and has no password. */
export class Redis extends pulumi.ComponentResource {
  /** Id of its container. */
  readonly containerId: pulumi.Output<string>;

  constructor(name: string, args: RedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cooperbench:coop:Redis", name, {}, opts);
    const { address, network } = args;

    const { resource, imageId } = engineImage(`${name}-image`, args.image, args.seen, {
      parent: this,
      hooks: args.pull,
    });
    const inside =
      network === "host" ? address : ({ host: "0.0.0.0", port: usualPort } satisfies RedisAddress);
    const [host = "", port = ""] = addressOf(inside).split(":");
    const container = serviceContainer(
      `${name}-container`,
      {
        owner: args.owner,
        repair: args.repair,
        service: "redis",
        name: redisContainer,
        dockerHost: args.dockerHost,
        image: imageId,
        command: redisCommand(inside),
        labels: { [addressLabel]: addressOf(address) },
        made: args.existing.labels,
        finding: args.existing.finding,
        networkMode: network,
        ...(network === "bridge" && {
          ports: [{ internal: usualPort, external: address.port, ip: address.host }],
        }),
        memory: containerMegabytes,
        memorySwap: containerMegabytes,
        healthcheck: {
          tests: ["CMD", "redis-cli", "-h", host, "-p", port, "ping"],
          interval: "10s",
          timeout: "3s",
          retries: 3,
        },
      },
      { parent: this, deletedWith: args.use, dependsOn: [resource] },
    );

    this.containerId = container.id;
    this.registerOutputs({ containerId: unlessFailed(this.containerId) });
  }
}

/** Who reaches it is said by where it listens, so its protected mode, which knows passwords only, is off. */
function redisCommand({ host, port }: RedisAddress): string[] {
  return [
    "redis-server",
    ...["--bind", host, "--port", String(port), "--protected-mode", "no"],
    // In one argument, for the provider takes no empty one.
    '--save ""',
    ...["--appendonly", "no"],
    ...["--maxmemory", `${dataMegabytes}mb`, "--maxmemory-policy", "noeviction"],
  ];
}
