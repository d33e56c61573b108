import { readFileSync } from "node:fs";
import { output } from "../lib/run.ts";
import { type Entry, type Layer, makeLayer } from "./layer.ts";
import { programLayer } from "./program-layer.ts";
import { runner } from "./stand-in.ts";
import type { Tools } from "./tools.ts";

/** Where a task's image has its runner. */
export const RUNNER = "/usr/local/bin/runner.sh";

/** The layers that the stand-ins have in common: made once, pushed once, pulled once. */
export interface SharedLayers {
  /** busybox under the names of its applets, and the runner. */
  readonly base: Layer;
  /** This machine's git and bash, over `base`. */
  readonly git: Layer;
}

/** Makes the layers that the stand-ins have in common. */
export async function sharedLayers(
  tools: Pick<Tools, "busybox" | "git" | "bash" | "env">,
): Promise<SharedLayers> {
  const [base, git] = await Promise.all([baseLayer(tools), gitLayer(tools)]);
  return { base, git };
}

async function baseLayer({ busybox, env }: Pick<Tools, "busybox" | "env">): Promise<Layer> {
  const applets = (await output(busybox, ["--list"], { env }))
    .split("\n")
    .filter((name) => /^[a-z0-9_[.-]+$/i.test(name));
  const folders = ["bin", "etc", "root", "usr", "usr/bin", "usr/local", "usr/local/bin", "workspace"];
  return makeLayer([
    ...folders.map((path): Entry => ({ path, type: "directory" })),
    { path: "tmp", type: "directory", mode: 0o1777 },
    { path: "bin/busybox", type: "file", mode: 0o755, bytes: readFileSync(busybox) },
    ...applets
      .filter((name) => name !== "busybox")
      .map((name): Entry => ({ path: `bin/${name}`, type: "symlink", target: "busybox" })),
    { path: "usr/bin/env", type: "symlink", target: "/bin/busybox" },
    { path: "etc/passwd", type: "file", bytes: Buffer.from("root:x:0:0:root:/root:/bin/sh\n") },
    { path: "etc/group", type: "file", bytes: Buffer.from("root:x:0:\n") },
    { path: RUNNER.slice(1), type: "file", mode: 0o755, bytes: runner() },
  ]);
}

/** The names by which git asks the other side of a push or a fetch for its part. */
const REMOTE_PARTS = ["git-receive-pack", "git-upload-pack"];

/**
 * The benchmark's agents commit and push their work within their containers, and evaluations merge it there; what both
 * start is started by bash.
 */
function gitLayer({ git, bash, env }: Pick<Tools, "git" | "bash" | "env">): Promise<Layer> {
  return programLayer({
    files: { "usr/bin/git": git, "bin/bash": bash },
    entries: REMOTE_PARTS.map((name) => ({ path: `usr/bin/${name}`, type: "symlink", target: "git" })),
    env,
  });
}
