import { existsSync } from "node:fs";
import { join } from "node:path";
import { aptInstall } from "../lib/apt.ts";
import { findOnPath } from "../lib/find-program.ts";
import { Problem } from "../lib/problem.ts";
import { output } from "../lib/run.ts";
import { programLayer } from "./program-layer.ts";
import type { ImageSpec } from "./publish.ts";
import type { SharedLayers } from "./shared-layers.ts";
import type { Tools } from "./tools.ts";

/** An image that a service of cooperating agents runs from. */
export interface ServiceImage {
  /** The real image's name with its tag. */
  readonly image: string;
  /** Makes it over layers that all stand-ins share. */
  readonly make: (shared: SharedLayers) => Promise<ImageSpec>;
}

/** The images beside the tasks': made of this machine's programs, or of Debian's packages. */
export function serviceImages(tools: Tools): readonly ServiceImage[] {
  return [
    { image: "redis:alpine", make: (shared) => redis(shared, tools) },
    { image: "debian:bookworm-slim", make: (shared) => debianWithGit(shared, tools) },
  ];
}

/** Debian's Redis. Unlike the official image, it has no entrypoint that gives up root. */
async function redis({ base }: SharedLayers, { redisServer, redisCli, env }: Tools): Promise<ImageSpec> {
  const files = { "usr/bin/redis-server": redisServer, "usr/bin/redis-cli": redisCli };
  return {
    reference: "redis:alpine",
    layers: [base, await programLayer({ files, env })],
    entrypoint: [],
    workingDir: "/tmp",
  };
}

/** Stands for apt-get, whose packages are out of a container's reach: git, all that is asked of it, is there already. */
const aptGet = "#!/bin/sh\nexit 0\n";

/** What CooperBench builds its git server from. bash and git are this machine's own. */
async function debianWithGit({ base, git }: SharedLayers, { env }: Tools): Promise<ImageSpec> {
  const bash = findOnPath("bash", env.PATH);
  if (bash === undefined)
    throw new Problem("the rehearsal needs bash, and none is on PATH", aptInstall("bash"));
  // A git without a daemon has no server to make; whatever else the rehearsal is for goes on.
  const daemon = join(await output("git", ["--exec-path"], { env }), "git-daemon");
  const files = {
    "bin/bash": bash,
    ...(existsSync(daemon) && { "usr/lib/git-core/git-daemon": daemon }),
  };
  const entries = [
    { path: "usr/bin/apt-get", type: "file", mode: 0o755, bytes: Buffer.from(aptGet) },
    { path: "var/lib/apt/lists", type: "directory" },
  ] as const;
  return {
    reference: "debian:bookworm-slim",
    layers: [base, git, await programLayer({ files, entries, env })],
    entrypoint: [],
    workingDir: "/",
  };
}
