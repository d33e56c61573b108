import { posix } from "node:path";
import { buffer } from "node:stream/consumers";
import { extract, pack } from "tar-stream";
import { withoutControls } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import { type ContainerClient, isNone } from "../engine/client.ts";
import { type ContainerSpec, startAndWait } from "./container.ts";

/** Label of every container of an oracle; its value is the container's name. */
export const oracleLabel = "cooperbench-machine.oracle";

const LAST_LINES = 20;
const LAST_CHARACTERS = 2000;

/** How a runner ended. */
export interface Ended {
  /** Exit code; undefined where the time limit ended it. */
  readonly code: number | undefined;
  readonly outOfMemory: boolean;
  /** What it was doing for, in seconds. */
  readonly seconds: number;
  /** The last lines of what it has printed, without control characters; at most 4 kB. */
  readonly lastLines: string;
}

/**
 * A container of an image's own entrypoint, the runner.
 *
 * @param patches arguments of the runner: names of patches.
 * @param env what the user's docker passes on to containers, such as a proxy.
 */
export function runnerSpec(
  image: string,
  patches: readonly string[],
  memoryBytes: number,
  env: readonly string[],
): ContainerSpec {
  // Runners install packages, so they have the network. No limit of cpus: the engine shares them out.
  const HostConfig = { Memory: memoryBytes, PidsLimit: 8192 };
  return { Image: image, Cmd: [...patches], Env: [...env], HostConfig };
}

/** Puts files, by their absolute paths, into a container that is not running. */
export async function copyIn(made: ContainerClient, files: ReadonlyMap<string, Buffer>): Promise<void> {
  const archive = pack();
  for (const [path, bytes] of files) archive.entry({ name: path.slice(1), mode: 0o644 }, bytes);
  archive.finalize();
  await made.putArchive(await buffer(archive), "/");
}

/** A file of a container, its links followed; undefined where it has none. */
export async function copyOut(made: ContainerClient, path: string, links = 10): Promise<Buffer | undefined> {
  let archive: NodeJS.ReadableStream;
  try {
    archive = await made.getArchive(path);
  } catch (error) {
    if (isNone(error)) return undefined;
    throw error;
  }
  const entries = archive.pipe(extract());
  for await (const entry of entries) {
    const { type, linkname } = entry.header;
    if (type === "symlink" && linkname && links > 0) {
      entries.destroy();
      return copyOut(made, posix.resolve(posix.dirname(path), linkname), links - 1);
    }
    return type === "file" ? buffer(entry) : undefined;
  }
  return undefined;
}

/** Starts a container and waits for its end. Throws a Problem where it could not be started or watched. */
export async function runToEnd(made: ContainerClient, timeoutSeconds: number): Promise<Ended> {
  const started = performance.now();
  const { code, stdout, stderr } = await startAndWait(made, {
    timeoutSeconds,
    keep: LAST_CHARACTERS,
  });
  const seconds = Math.round(performance.now() - started) / 1000;
  const lastLines = lastLinesOf(stdout, stderr);
  if (code === undefined) return { code, outOfMemory: false, seconds, lastLines };
  const { State } = await made.inspect();
  if (State.Error !== "") throw new Problem(`its container could not be started: ${State.Error}`);
  return { code, outOfMemory: State.OOMKilled, seconds, lastLines };
}

/** The last lines of each stream: which came first is not known. */
export function lastLinesOf(...streams: readonly string[]): string {
  return streams
    .map(withoutControls)
    .map((text) => text.trimEnd().split("\n").slice(-LAST_LINES).join("\n").slice(-LAST_CHARACTERS))
    .filter((text) => text !== "")
    .join("\n");
}
