import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Layer } from "./layer.ts";
import { programLayer } from "./program-layer.ts";
import type { ImageSpec } from "./publish.ts";
import { run, which } from "./run.ts";
import type { Tools } from "./tools.ts";

/** An image that a service of cooperating agents runs from. */
export interface ServiceImage {
  /** The real image's name with its tag. */
  readonly image: string;
  /** Makes it: `base` is the layer that all stand-ins share. */
  readonly make: (base: Layer) => Promise<ImageSpec>;
}

/** The images beside the tasks': made of this machine's programs, or of Debian's packages. */
export function serviceImages(tools: Tools): readonly ServiceImage[] {
  return [
    { image: "redis:alpine", make: (base) => redis(base, tools) },
    { image: "debian:bookworm-slim", make: (base) => debianWithGit(base, tools) },
  ];
}

/** Debian's Redis. Unlike the official image, it has no entrypoint that gives up root. */
async function redis(base: Layer, { redisServer, redisCli, env }: Tools): Promise<ImageSpec> {
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
async function debianWithGit(base: Layer, { env }: Tools): Promise<ImageSpec> {
  const [bash, git] = [await which("bash", env.PATH), await which("git", env.PATH)];
  if (bash === undefined || git === undefined)
    throw new Error("the rehearsal needs bash and git and does not find both: apt-get install bash git");
  // A git without a daemon has no server to make; whatever else the rehearsal is for goes on.
  const daemon = join((await run([git, "--exec-path"], { env })).trim(), "git-daemon");
  const files = {
    "bin/bash": bash,
    "usr/bin/git": git,
    ...(existsSync(daemon) && { "usr/lib/git-core/git-daemon": daemon }),
  };
  const entries = [
    { path: "usr/bin/apt-get", type: "file", mode: 0o755, bytes: Buffer.from(aptGet) },
    { path: "var/lib/apt/lists", type: "directory" },
  ] as const;
  return {
    reference: "debian:bookworm-slim",
    layers: [base, await programLayer({ files, entries, env })],
    entrypoint: [],
    workingDir: "/",
  };
}
